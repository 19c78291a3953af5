/** What pause and resume of a native container need. @module */
export * as command from "../../../../cli/runtime/commands/pause.ts";
export * as backend from "../../../../runtime/native/container/backend.ts";
export * as cgroup from "../../../../runtime/native/container/cgroup.ts";
export * as freeze from "../../../../runtime/native/cgroups/freeze.ts";
