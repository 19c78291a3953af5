/** Hooks as processes of the host. @module */
import { spawn } from "node:child_process"; // Deno.Command cannot set argv[0]
import type { Hook } from "../../spec/hook_types.ts";
import type { HookResult } from "../hooks.ts";
import { setLongTimeout } from "../long_timeout.ts";

/** Bytes of a hook's output that are kept for the error message. */
const MAX_OUTPUT = 4096;

function environment(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.filter((entry) => entry.indexOf("=") > 0).map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function reasonOf(error: NodeJS.ErrnoException): Error {
  if (error.code === "ENOENT") return new Error("no such file or directory");
  if (error.code === "EACCES") return new Error("permission denied");
  return error;
}

/** Runs a hook to its end, or to the end of its time: it is killed then. Its environment is what it lists, and nothing else. */
export function runHookProcess(hook: Hook, stdin: string): Promise<HookResult> {
  const { promise, resolve, reject } = Promise.withResolvers<HookResult>();
  const child = spawn(hook.path, hook.args.slice(1), {
    argv0: hook.args[0] ?? hook.path,
    env: environment(hook.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "", timedOut = false;
  const keep = (chunk: Uint8Array): void => {
    if (output.length < MAX_OUTPUT) output = (output + new TextDecoder().decode(chunk)).slice(0, MAX_OUTPUT);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.stdin.on("error", () => {}); // it need not read its state
  child.stdin.end(stdin);
  const callOff = hook.timeout === undefined ? undefined : setLongTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, hook.timeout * 1000);
  const done = (): void => {
    callOff?.();
    // What it has started may hold the pipes, and is not waited for.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  };
  child.on("error", (error) => {
    done();
    reject(reasonOf(error as NodeJS.ErrnoException));
  });
  child.on("exit", (code, signal) => {
    // What it wrote last may still be on its way through the pipe.
    setTimeout(() => {
      done();
      resolve({ code, signal, timedOut, output });
    }, 0);
  });
  return promise;
}
