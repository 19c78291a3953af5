/** The life of containers: state machine, hooks, state directory, and the interface of what runs them (runtime.md). @module */
export * from "./backend.ts";
export type { Context, Processes } from "./context.ts";
export { create, type Creation } from "./create.ts";
export { deleteContainer, type DeleteOptions } from "./delete.ts";
export { LifecycleError, type LifecycleReason } from "./error.ts";
export { exec } from "./exec.ts";
export { processes, stats, update } from "./watch.ts";
export type { HookResult, HookRunner } from "./hooks.ts";
export { kill } from "./kill.ts";
export { type Described, list, state } from "./list.ts";
export { MemoryStore } from "./memory_store.ts";
export { pause, resume } from "./pause.ts";
export type { BackendData, ContainerRecord, Json, ProcessIdentity } from "./record.ts";
export { start } from "./start.ts";
export type { ContainerEntry, ExitRecord, LockedContainer, Mark, StateStore } from "./store.ts";
