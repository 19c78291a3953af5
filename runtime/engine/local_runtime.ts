/** The operations of the runtime specification (runtime.md#operations) on containers in this process. @module */
import { SIGNAL } from "../abi/linux/signal.ts";
import type { Backend, ExecProcess } from "../lifecycle/backend.ts";
import type { Context } from "../lifecycle/context.ts";
import { create } from "../lifecycle/create.ts";
import { deleteContainer, type DeleteOptions } from "../lifecycle/delete.ts";
import { LifecycleError } from "../lifecycle/error.ts";
import { exec } from "../lifecycle/exec.ts";
import { kill } from "../lifecycle/kill.ts";
import { list, state } from "../lifecycle/list.ts";
import { MemoryStore } from "../lifecycle/memory_store.ts";
import { pause, resume } from "../lifecycle/pause.ts";
import { start } from "../lifecycle/start.ts";
import { localBackend } from "../sandbox/exec/local/backend.ts";
import type { State } from "../spec/state.ts";
import type { Process } from "../spec/types.ts";
import { readBundle } from "./bundle_config.ts";
import type { Stdio } from "./stdio.ts";

/** How containers in this process are run. */
export interface LocalRuntimeOptions {
  /**
   * Programs can be interrupted while they compute, and containers and this process are served meanwhile. It costs speed
   * (docs/RATIONALE.md); without it only containers whose configuration asks for it, and those created later, have it.
   */
  readonly interruptible?: boolean;
  /** Hears warnings (runtime.md#warnings); they go to standard error by default. */
  readonly warn?: (message: string) => void;
}

/**
 * Containers in this process, on one userland kernel: no process is started for them, and they go with this one. Namespaces are joined by
 * paths as `/proc/PID/ns/net`, with the pid of a container's state. Errors are LifecycleErrors.
 */
export interface LocalRuntime {
  /** What the operations, as stats(), work on, for those that are not here. */
  readonly context: Context;
  /** Makes a container of a bundle: everything but its program runs. */
  create(id: string, bundle: string, stdio?: Stdio): Promise<State>;
  /** Runs the program of a container that is created. */
  start(id: string): Promise<void>;
  /** Its state. */
  state(id: string): Promise<State>;
  /** The states of all. */
  list(): Promise<State[]>;
  /** Sends a signal, SIGTERM by default, to its first process, or to all. */
  kill(id: string, signal?: number, all?: boolean): Promise<void>;
  /** Stops all of its processes where they are. */
  pause(id: string): Promise<void>;
  /** Lets them go on. */
  resume(id: string): Promise<void>;
  /** Starts another process in it. */
  exec(id: string, process: Process, stdio?: Stdio): Promise<ExecProcess>;
  /** Waits for its end. Its wait status (man 2 wait). */
  wait(id: string): Promise<number>;
  /** Deletes a container that is stopped; with force whatever its state. */
  delete(id: string, options?: DeleteOptions): Promise<void>;
  /** Kills and deletes all, and gives everything back. Nothing can be created after that. */
  close(): Promise<void>;
}

/** Makes a runtime without containers. It is to be closed. */
export function openRuntime(options: LocalRuntimeOptions = {}): LocalRuntime {
  const { interruptible = false, warn = (message) => console.error(`umiak: ${message}`) } = options;
  const store = new MemoryStore();
  const backend = localBackend({
    interruptible,
    started: (id) => store.started(id),
    ended: (id, status) => store.ended(id, status),
  });
  const find = (name: string): Promise<Backend> =>
    name === backend.name ? Promise.resolve(backend) : Promise.reject(
      new LifecycleError(`this process has no backend ${JSON.stringify(name)}`, "unsupported"),
    );
  const context: Context = {
    store,
    processes: backend,
    backend: find,
    runHook: async (hook, stdin) =>
      (await import("../lifecycle/host/hook_process.ts")).runHookProcess(hook, stdin),
    warn,
    note: () => {},
  };
  const stateOf = async (id: string): Promise<State> => (await state(context, id)).state;
  return {
    context,
    async create(id, directory, stdio = {}) {
      const bundle = readBundle(directory);
      await create(context, {
        id,
        ...bundle,
        backend: backend.name,
        owner: Deno.uid() ?? 0,
        now: new Date(),
        options: {
          streams: stdio,
          preserveFds: 0,
          detached: false,
          noPivot: false,
          noNewKeyring: false,
          systemdCgroup: false,
        },
      });
      return await stateOf(id);
    },
    start: (id) => start(context, id),
    state: stateOf,
    list: async () => (await list(context)).map((each) => each.state),
    kill: (id, signal = SIGNAL.SIGTERM, all = false) => kill(context, id, signal, all),
    pause: (id) => pause(context, id),
    resume: (id) => resume(context, id),
    exec: (id, process, stdio = {}) =>
      exec(context, id, process, {
        streams: stdio,
        preserveFds: 0,
        detached: false,
        cgroup: "",
        ignorePaused: false,
      }),
    async wait(id) {
      const { record } = await state(context, id);
      return await backend.wait({ record, directory: id, spec: () => Promise.reject(new Error("not read")) });
    },
    delete: (id, how) => deleteContainer(context, id, how),
    async close() {
      backend.refuse();
      for (const id of store.list()) await deleteContainer(context, id, { force: true });
      await backend.close();
    },
  };
}
