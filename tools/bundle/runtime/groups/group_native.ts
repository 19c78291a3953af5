/** What create, run and exec of a native container need. @module */
export * as command from "../../../../cli/runtime/commands/exec.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as create from "../../../../runtime/native/container/create.ts";
export * as exec from "../../../../runtime/native/container/exec.ts";
