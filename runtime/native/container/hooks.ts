/** createContainer and startContainer hooks: programs that run in the container's namespaces (config.md#posix-platform-hooks). @module */
import type { Container, CreateRequest } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { hostProcesses } from "../../lifecycle/host/processes.ts";
import { type HookResult, runHooks } from "../../lifecycle/hooks.ts";
import type { Hook } from "../../spec/hook_types.ts";
import type { State, Status } from "../../spec/state.ts";
import type { Spec } from "../../spec/types.ts";
import { signalName } from "../../abi/linux/signal.ts";
import { type Descriptor, makePipe, memoryFile, whileOpenAsync } from "../ffi/descriptors.ts";
import { sys, thisMachine } from "../ffi/kernel.ts";
import type { Child } from "../ffi/spawn.ts";
import { hookTable, namespaceFlags } from "../program/enter.ts";
import { enterContainer, openProcess } from "./enter.ts";
import { follow } from "./follow.ts";

const SIGKILL = 9;
/** Bytes of a hook's output that are kept for the error message. */
const MAX_OUTPUT = 4096;

/** What the process writes until it ends, at most MAX_OUTPUT of it, and how that is. */
async function collect(child: Child, output: Descriptor): Promise<{ status: number; output: string }> {
  const decoder = new TextDecoder();
  let text = "";
  const status = await follow(child.pidfd, output, (bytes) => {
    if (text.length < MAX_OUTPUT) {
      text = (text + decoder.decode(bytes, { stream: true })).slice(0, MAX_OUTPUT);
    }
  });
  return { status, output: text };
}

/** Starts a hook that reads `input` and writes to `out`. */
function startHook(
  hook: Hook,
  place: Place,
  pidfd: Descriptor,
  input: Descriptor,
  out: Descriptor,
): Promise<Child> {
  const streams = [input.fd, out.fd, out.fd] as const;
  return enterContainer({
    name: "umiak-hook",
    descriptors: [...new Set(streams), pidfd.fd],
    directory: place.directory,
    table: (report, sync, cgroups) =>
      hookTable({
        ...{
          path: hook.path,
          args: hook.args.length === 0 ? [hook.path] : hook.args,
          env: hook.env,
          streams,
        },
        ...{
          namespaces: namespaceFlags(place.spec.linux.namespaces),
          pidfd: pidfd.fd,
          report,
          sync,
          cgroups,
        },
        architecture: thisMachine().architecture,
      }),
  });
}

function runHook(hook: Hook, stdin: string, place: Place, pidfd: Descriptor): Promise<HookResult> {
  return whileOpenAsync(async (own) => {
    const input = own(memoryFile(stdin, "telling a hook the container's state"));
    const [output, out] = makePipe("running a hook");
    own(output);
    own(out);
    const child = await startHook(hook, place, pidfd, input, out);
    own(child.pidfd);
    out.close();
    let timedOut = false;
    const timer = hook.timeout === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      sys("pidfd_send_signal", child.pidfd.fd, SIGKILL, 0, 0);
    }, hook.timeout * 1000);
    const { status, output: said } = await collect(child, output);
    clearTimeout(timer);
    const signal = status & 0x7f;
    return {
      code: signal === 0 ? status >>> 8 : null,
      signal: signal === 0 ? null : signalName(signal),
      timedOut,
      output: said,
    };
  });
}

/** A process's id in its own pid namespace: what the state says there (runtime.md#state, pid). */
function innerPid(pid: number): number {
  const line = /^NSpid:\s*(.*)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(line?.split(/\s+/).at(-1) ?? pid);
}

interface Place {
  readonly id: string;
  readonly bundle: string;
  readonly directory: string;
  readonly spec: Spec;
  readonly pid: number;
}

async function runIn(
  name: "createContainer" | "startContainer",
  place: Place,
  pidfd: Descriptor,
): Promise<void> {
  const { id, bundle, spec, pid } = place;
  const status: Status = name === "createContainer" ? "creating" : "created";
  const state: State = {
    ...{ ociVersion: spec.ociVersion, id, status, pid: innerPid(pid), bundle },
    annotations: spec.annotations,
  };
  if (spec.hooks === undefined) return;
  await runHooks((hook, stdin) => runHook(hook, stdin, place, pidfd), spec.hooks, name, state);
}

/** Runs the hooks of create, before the root changes. Throws a LifecycleError at the first that fails. */
export async function runHooksIn(
  init: Child,
  name: "createContainer",
  request: CreateRequest,
): Promise<void> {
  await runIn(name, { ...request, pid: init.pid }, init.pidfd);
}

/** Runs the hooks of start; the init is killed if one fails: the container has stopped then (runtime.md#lifecycle, step 7). */
export async function runStartHooks(container: Container): Promise<void> {
  const { record, directory } = container;
  if (!hostProcesses.isAlive(record.init!)) {
    throw new LifecycleError(`container ${JSON.stringify(record.id)}: its process has ended`, "state");
  }
  const pidfd = openProcess(record.init!);
  try {
    const { id, bundle } = record;
    await runIn("startContainer", {
      id,
      bundle,
      directory,
      spec: await container.spec(),
      pid: record.init!.pid,
    }, pidfd);
  } finally {
    pidfd.close();
  }
}
