/** What ps of a native container needs. @module */
export * as command from "../../../../cli/runtime/commands/ps.ts";
export * as table from "../../../../cli/runtime/ps_table.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as processes from "../../../../runtime/native/container/processes.ts";
