/** What update of a native container needs. @module */
export * as command from "../../../../cli/runtime/commands/update.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as cgroup from "../../../../runtime/native/container/cgroup.ts";
export * as driver from "../../../../runtime/native/cgroups/driver.ts";
