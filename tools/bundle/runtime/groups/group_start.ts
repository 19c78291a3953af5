/** What start of a native container needs. @module */
export * as command from "../../../../cli/runtime/commands/start.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as start from "../../../../runtime/native/container/start.ts";
