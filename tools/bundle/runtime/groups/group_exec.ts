/** What exec in a native container needs. @module */
export * as command from "../../../../cli/runtime/commands/exec.ts";
export * as decode from "../../../../runtime/spec/decode.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as exec from "../../../../runtime/native/container/exec.ts";
