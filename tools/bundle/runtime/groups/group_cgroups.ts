/** What pause, resume, update and events of a native container need. @module */
export * as events from "../../../../cli/runtime/commands/events.ts";
export * as pause from "../../../../cli/runtime/commands/pause.ts";
export * as update from "../../../../cli/runtime/commands/update.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as cgroup from "../../../../runtime/native/container/cgroup.ts";
