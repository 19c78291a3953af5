/** Linux as a backend of containers. What only some operations need is loaded by them. @module */
import type { Backend } from "../../lifecycle/backend.ts";

/** The backend. */
export const nativeBackend: Backend = {
  name: "native",
  create: async (request) => (await import("./create.ts")).createInit(request),
  start: async (container) => (await import("./start.ts")).startInit(container),
  wait: async (container) => (await import("./create.ts")).waitForInit(container),
  kill: async (container, signal, all) => (await import("./kill.ts")).killInit(container, signal, all),
  pause: async (container) => (await import("./cgroup.ts")).pauseContainer(container),
  resume: async (container) => (await import("./cgroup.ts")).resumeContainer(container),
  exec: async (container, process, options) =>
    (await import("./exec.ts")).execIn(container, process, options),
  processes: async (container) => (await import("./processes.ts")).processesOf(container),
  stats: async (container) => (await import("./cgroup.ts")).statsOf(container),
  update: async (container, resources) => (await import("./cgroup.ts")).updateLimits(container, resources),
  destroy: async (container) => (await import("./destroy.ts")).destroyInit(container),
};
