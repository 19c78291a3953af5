/** For those who write filesystems: the contract, and short calls to test with. @module */
export * from "./caller.ts";
export * from "./files.ts";
export * from "./contract.ts";
