/** createContainer and startContainer hooks: WebAssembly modules that run in the container's namespaces (config.md#posix-platform-hooks). @module */
import { errnoText } from "../../../../fs/abi/errno_text.ts";
import { SIGNAL, signalName } from "../../../abi/linux/signal.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { setLongTimeout } from "../../../lifecycle/long_timeout.ts";
import type { Hook, HookName } from "../../../spec/hook_types.ts";
import { execve } from "../../kernel/execve.ts";
import type { Task } from "../../kernel/task.ts";
import { runTask } from "../../kernel/task_run.ts";
import { type ByteSource, HostInput, HostOutput } from "../host_stream.ts";
import { taskBeside } from "./tasks.ts";

/** Bytes of a hook's output that are kept for the error message. */
const MAX_OUTPUT = 4096;

function source(bytes: Uint8Array): ByteSource {
  let at = 0;
  const readSync = (into: Uint8Array): number | null => {
    const n = Math.min(into.length, bytes.length - at);
    into.set(bytes.subarray(at, at + n));
    at += n;
    return n === 0 ? null : n;
  };
  return { readSync, read: (into) => Promise.resolve(readSync(into)) };
}

/** Runs the module at `path` of the init's tree. Why it failed; undefined if it did not. */
async function runModule(init: Task, path: string, hook: Hook, state: string): Promise<string | undefined> {
  let output = "";
  const sink = {
    writeSync(bytes: Uint8Array): number {
      if (output.length < MAX_OUTPUT) {
        output = (output + new TextDecoder().decode(bytes)).slice(0, MAX_OUTPUT);
      }
      return bytes.length;
    },
  };
  const stdin = new HostInput(source(new TextEncoder().encode(state)));
  const task = taskBeside(init, [stdin, new HostOutput(sink), new HostOutput(sink)]);
  const argv = hook.args.length === 0 ? [hook.path] : hook.args;
  const image = await execve(task, path, argv, hook.env);
  if (typeof image === "number") {
    const why = task.execMessage === "" ? errnoText(-image) : task.execMessage;
    task.exit(127 << 8);
    return `${why} (a hook in the container's namespaces must be a WebAssembly module)`;
  }
  let timedOut = false;
  const callOff = hook.timeout === undefined ? undefined : setLongTimeout(() => {
    timedOut = true;
    task.raise(SIGNAL.SIGKILL);
  }, hook.timeout * 1000);
  const status = await runTask(task, image);
  callOff?.();
  const said = output.trim() === "" ? "" : `, output: ${output.trim()}`;
  if (timedOut) return `it did not end within ${hook.timeout} s${said}`;
  if ((status & 0x7f) !== 0) return `signal: ${signalName(status & 0x7f)}${said}`;
  return status === 0 ? undefined : `exit status ${status >>> 8}${said}`;
}

/** Runs hooks in the listed order. `pathOf` says where the init finds the n-th. Throws a LifecycleError at the first that fails. */
export async function runHooksIn(
  init: Task,
  name: HookName,
  hooks: readonly Hook[],
  pathOf: (hook: Hook, n: number) => string,
  state: string,
): Promise<void> {
  for (const [i, hook] of hooks.entries()) {
    const why = await runModule(init, pathOf(hook, i), hook, state);
    if (why !== undefined) {
      throw new LifecycleError(`error running ${name} hook #${i}: ${hook.path}: ${why}`, "hook");
    }
  }
}
