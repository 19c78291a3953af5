/** What events of a native container needs. @module */
export * as command from "../../../../cli/runtime/commands/events.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as cgroup from "../../../../runtime/native/container/cgroup.ts";
export * as stats from "../../../../runtime/native/cgroups/stats.ts";
