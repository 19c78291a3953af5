/** Hooks: their order, what they are told, what their failure means (config.md#posix-platform-hooks, runtime.md#lifecycle). @module */
import type { Hook, HookName, Hooks } from "../spec/hook_types.ts";
import type { State } from "../spec/state.ts";
import { LifecycleError } from "./error.ts";

/** How a hook ended. */
export interface HookResult {
  /** Exit code; null if it did not exit by itself. */
  readonly code: number | null;
  /** Name of the signal that ended it. */
  readonly signal: string | null;
  /** It took longer than it may, and was ended for that. */
  readonly timedOut: boolean;
  /** The beginning of what it wrote to standard output and error. */
  readonly output: string;
}

/** Runs a program of the host with `stdin` on its standard input. Rejects if it cannot be started. */
export type HookRunner = (hook: Hook, stdin: string) => Promise<HookResult>;

function failure(name: HookName, i: number, hook: Hook, why: string): LifecycleError {
  return new LifecycleError(`error running ${name} hook #${i}: ${hook.path}: ${why}`, "hook");
}

function reason(hook: Hook, result: HookResult): string | undefined {
  const output = result.output.trim() === "" ? "" : `, output: ${result.output.trim()}`;
  if (result.timedOut) return `it did not end within ${hook.timeout} s${output}`;
  if (result.signal !== null) return `signal: ${result.signal}${output}`;
  return result.code === 0 ? undefined : `exit status ${result.code}${output}`;
}

async function runHook(run: HookRunner, name: HookName, i: number, hook: Hook, stdin: string): Promise<void> {
  let result: HookResult;
  try {
    result = await run(hook, stdin);
  } catch (error) {
    throw failure(name, i, hook, (error as Error).message);
  }
  const why = reason(hook, result);
  if (why !== undefined) throw failure(name, i, hook, why);
}

/** Runs hooks in the listed order; the first that fails is the error, and those after it are not run. */
export async function runHooks(run: HookRunner, hooks: Hooks, name: HookName, state: State): Promise<void> {
  const stdin = JSON.stringify(state);
  for (const [i, hook] of hooks[name].entries()) await runHook(run, name, i, hook, stdin);
}

/** Runs poststop hooks: one that fails is a warning, and the others are run all the same (runtime.md#lifecycle, step 13). */
export async function runPoststop(
  run: HookRunner,
  hooks: Hooks,
  state: State,
  warn: (message: string) => void,
): Promise<void> {
  const stdin = JSON.stringify(state);
  for (const [i, hook] of hooks.poststop.entries()) {
    try {
      await runHook(run, "poststop", i, hook, stdin);
    } catch (error) {
      warn((error as Error).message);
    }
  }
}
