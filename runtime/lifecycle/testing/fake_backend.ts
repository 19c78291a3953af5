/** A backend without processes: what is asked of it is written down, and it fails where it is told to. @module */
import { parseSpec } from "../../spec/decode.ts";
import type { Backend, Container, CreateRequest, InitProcess } from "../backend.ts";
import type { Context } from "../context.ts";
import type { Creation } from "../create.ts";
import { LifecycleError } from "../error.ts";
import { markStarted, StateDirectory, writeExit } from "../host/state_directory.ts";
import type { HookResult } from "../hooks.ts";

/** What a hook of the fake is to do. */
export type FakeHook = (
  state: { id: string; status: string; pid?: number; bundle: string },
) => Partial<HookResult>;

/** See the module's comment. */
export class Fake implements Backend {
  readonly name = "fake";
  /** What has happened, in order: "create", "hook prestart /a creating", … */
  readonly events: string[] = [];
  /** Warnings. */
  readonly warnings: string[] = [];
  /** Living processes. */
  readonly alive: Set<number> = new Set();
  /** What hooks do, by their path; the others succeed. */
  readonly hooks: Map<string, FakeHook> = new Map();
  /** Operations that fail, with their message. */
  readonly failing: Map<string, LifecycleError> = new Map();
  #nextPid = 100;

  /** The operations over a state directory. */
  context(root: string): Context {
    return {
      store: new StateDirectory(root),
      processes: { isAlive: ({ pid }) => this.alive.has(pid) },
      backend: (name) =>
        name === "fake" ? Promise.resolve(this) : Promise.reject(new Error(`no backend ${name}`)),
      runHook: (hook, stdin) => {
        const state = JSON.parse(stdin);
        this.events.push(`hook ${hook.path} ${state.status}${state.pid === undefined ? "" : " pid"}`);
        const result = this.hooks.get(hook.path)?.(state) ?? {};
        return Promise.resolve({ code: 0, signal: null, timedOut: false, output: "", ...result });
      },
      warn: (message) => void this.warnings.push(message),
      note: () => {},
    };
  }

  #step(name: string): void {
    this.events.push(name);
    const error = this.failing.get(name);
    if (error !== undefined) throw error;
  }

  /** The process ends. */
  end(container: Container, status: number): void {
    this.alive.delete(container.record.init!.pid);
    writeExit(container.directory, { status });
  }

  async create(request: CreateRequest): Promise<InitProcess> {
    this.#step("create");
    const pid = this.#nextPid++;
    this.alive.add(pid);
    const init = { pid, startTime: "0", data: { note: 7 } };
    await request.environmentCreated(init);
    this.#step("createContainer");
    return init;
  }
  start(container: Container): Promise<void> {
    try {
      this.#step("startContainer");
      this.#step("start");
    } catch (error) {
      this.alive.delete(container.record.init!.pid);
      return Promise.reject(error as Error);
    }
    markStarted(container.directory);
    return Promise.resolve();
  }
  wait(): Promise<number> {
    return Promise.resolve(0);
  }
  kill(container: Container, signal: number, all: boolean): Promise<void> {
    this.#step(`kill ${signal}${all ? " all" : ""}`);
    if (signal === 9) this.end(container, 9);
    return Promise.resolve();
  }
  pause(): Promise<void> {
    this.#step("pause");
    return Promise.resolve();
  }
  resume(): Promise<void> {
    this.#step("resume");
    return Promise.resolve();
  }
  exec(): ReturnType<Backend["exec"]> {
    this.#step("exec");
    return Promise.resolve({ pid: 1, wait: () => Promise.resolve(0) });
  }
  processes(container: Container): Promise<number[]> {
    return Promise.resolve([container.record.init!.pid]);
  }
  stats(): ReturnType<Backend["stats"]> {
    return Promise.reject(new LifecycleError("the fake cannot count", "unsupported"));
  }
  update(): Promise<void> {
    this.#step("update");
    return Promise.resolve();
  }
  destroy(container: Container): Promise<void> {
    this.events.push("destroy");
    if (container.record.init !== undefined) this.alive.delete(container.record.init.pid);
    return Promise.resolve();
  }
}

/** A creation of a configuration with these fields beside the least there can be. */
export function creation(id: string, fields: Record<string, unknown> = {}): Creation {
  const config = JSON.stringify({
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["sh"] },
    annotations: { "com.example.key": "value" },
    ...fields,
  });
  return {
    id,
    bundle: "/bundle",
    rootfs: "/bundle/rootfs",
    config,
    spec: parseSpec(config),
    backend: "fake",
    owner: 0,
    now: new Date(0),
    options: { preserveFds: 0, detached: true, noPivot: false, noNewKeyring: false, systemdCgroup: false },
  };
}
