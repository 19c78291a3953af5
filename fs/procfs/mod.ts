/** proc(5). @module */
export * from "./host.ts";
export * from "./super.ts";
export * from "./options.ts";
