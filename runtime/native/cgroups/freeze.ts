/** Stopping all processes of a container's cgroups, and sending them signals (man 7 cgroups: freezer, cgroup.freeze, cgroup.kill). @module */
import { SIGNAL } from "../../abi/linux/signal.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { identify, sendSignal } from "../../lifecycle/host/processes.ts";
import { pidsIn, readFile, reasonOf, writeFile } from "./files.ts";
import { type CgroupNote, directoryOf, readNote, wholeDirectory } from "./note.ts";

/** A freezer: its file, and how its states are written and read. */
interface Freezer {
  readonly directory: string;
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  isFrozen(): boolean;
}

function freezerOf(note: CgroupNote): Freezer | undefined {
  const first = note.mode === "unified" ? undefined : directoryOf(note, "freezer");
  if (first !== undefined) {
    const isFrozen = (): boolean => readFile(`${first}/freezer.state`) === "FROZEN";
    return { directory: first, file: "freezer.state", frozen: "FROZEN", thawed: "THAWED", isFrozen };
  }
  const second = directoryOf(note, "");
  if (second === undefined) return undefined;
  const isFrozen = (): boolean =>
    (readFile(`${second}/cgroup.events`) ?? "").split("\n").includes("frozen 1");
  return { directory: second, file: "cgroup.freeze", frozen: "1", thawed: "0", isFrozen };
}

const TRIES = 1000, THAW_EVERY = 50;

const set = ({ directory, file }: Freezer, value: string): void => writeFile(`${directory}/${file}`, value);

/** Freezes it. A process that is being made while version 1 freezes may keep it from ending: it is let go now and then. */
async function freeze(freezer: Freezer): Promise<void> {
  try {
    for (let i = 0; i < TRIES; i++) {
      if (i > 0 && i % THAW_EVERY === 0) set(freezer, freezer.thawed);
      set(freezer, freezer.frozen);
      if (freezer.isFrozen()) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } catch (error) {
    throw new LifecycleError(`freezing the cgroup ${freezer.directory}: ${reasonOf(error)}`, "failed");
  }
  set(freezer, freezer.thawed);
  throw new LifecycleError(`freezing the cgroup ${freezer.directory}: its processes do not stop`, "failed");
}

function need(directory: string): Freezer {
  const note = readNote(directory), freezer = note === undefined ? undefined : freezerOf(note);
  if (freezer === undefined) {
    throw new LifecycleError("there is no cgroup that could be frozen", "unsupported");
  }
  return freezer;
}

/** Stops all processes. */
export const freezeCgroups = (directory: string): Promise<void> => freeze(need(directory));

/** Lets them go on. */
export function thawCgroups(directory: string): void {
  const freezer = need(directory);
  set(freezer, freezer.thawed);
}

function signalAll(directory: string, signal: number): void {
  for (const pid of pidsIn(directory)) {
    if (pid === Deno.pid) continue;
    try {
      sendSignal(identify(pid), signal);
    } catch {
      // It has ended.
    }
  }
}

/**
 * Sends a signal to every process, while they are stopped: none can make another one meanwhile. False if the container has no cgroups. Who was
 * paused stays so, but for SIGKILL: frozen processes of version 1 cannot die.
 */
export async function signalCgroups(directory: string, signal: number): Promise<boolean> {
  const note = readNote(directory), whole = note === undefined ? undefined : wholeDirectory(note);
  if (note === undefined || whole === undefined || readFile(`${whole}/cgroup.procs`) === undefined) {
    return false;
  }
  const freezer = freezerOf(note), paused = freezer?.isFrozen() ?? false;
  if (signal === SIGNAL.SIGKILL && directoryOf(note, "") === whole) {
    try {
      writeFile(`${whole}/cgroup.kill`, "1");
      if (freezer !== undefined && paused) set(freezer, freezer.thawed);
      return true;
    } catch {
      // Before Linux 5.14, or threaded.
    }
  }
  if (freezer !== undefined && !paused) {
    try {
      await freeze(freezer);
    } catch {
      // They are told one by one.
    }
  }
  signalAll(whole, signal);
  if (freezer !== undefined && (!paused || signal === SIGNAL.SIGKILL)) set(freezer, freezer.thawed);
  return true;
}
