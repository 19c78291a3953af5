/** Starting a process that joins a running container. @module */
import type { ProcessIdentity } from "../../lifecycle/record.ts";
import { identify } from "../../lifecycle/host/processes.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { closingOnError, Descriptor, makePipe, whileOpen } from "../ffi/descriptors.ts";
import { sys } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { type Child, spawnProgram } from "../ffi/spawn.ts";
import type { Table } from "../table/compile_table.ts";
import type { JoinedCgroup } from "../program/cgroups.ts";
import { readNote } from "../cgroups/note.ts";
import { hasGroups } from "../resctrl/asked.ts";
import { SAYS } from "../program/message.ts";
import { type CgroupEntry, finishEntry, openEntry, spawnIn } from "./cgroup_entry.ts";
import { goOn, receive } from "./conversation.ts";
import { type Conversation, converseWith, end, failureOf, siblingOf } from "./process_conversation.ts";

/** A descriptor of a process, if it is still the one that is meant. */
export function openProcess({ pid, startTime }: ProcessIdentity): Descriptor {
  const gone = (): LifecycleError => new LifecycleError(`process ${pid} of the container has ended`, "state");
  const fd = sys("pidfd_open", pid, 0);
  if (fd < 0) throw gone();
  const pidfd = new Descriptor(fd);
  try {
    if (identify(pid).startTime === startTime) return pidfd; // opened first: from here on it stays the one that it is
  } catch {
    // It has ended.
  }
  pidfd.close();
  throw gone();
}

/** What the program needs beside the descriptors that it talks by. */
export interface Entering {
  /** Name in lists of processes. */
  readonly name: string;
  /** Descriptors that the program has. */
  readonly descriptors: readonly number[];
  /** Directory for its file, if that cannot be in memory only. */
  readonly directory: string;
  /** The cgroup to be in, below the container's. */
  readonly cgroup?: string;
  /** Makes its table. */
  table(report: number, sync: number, cgroups: readonly JoinedCgroup[]): Table;
  /** It says when it may be put into the cgroups. */
  readonly announced?: boolean;
  /** Takes the listener of its filter, if that has one. */
  takeListener?(pid: number): Promise<void>;
}

/** Starts it. */
function begin(
  { name, descriptors, directory, announced, table: make }: Entering,
  entry: CgroupEntry,
): Conversation & { readonly inside: boolean } {
  const [report, reporting] = makePipe(`starting ${name}`);
  const [syncing, sync] = makePipe(`starting ${name}`);
  return closingOnError([report, sync], () =>
    whileOpen((own) => {
      own(reporting);
      own(syncing);
      const table = make(reporting.fd, syncing.fd, entry.tasks);
      const file = own(makeProgramFile(table, directory));
      const all = [...descriptors, reporting.fd, syncing.fd, ...entry.tasks.map(({ fd }) => fd)];
      const spawn = { file, name, cloneFlags: 0, descriptors: all };
      const spawned = announced ? { child: spawnProgram(spawn), inside: false } : spawnIn(entry, spawn);
      return { ...spawned, table, report, sync };
    }));
}

/** Starts it and waits until its program runs. Throws a LifecycleError if that does not. */
export async function enterContainer(entering: Entering): Promise<Child> {
  const { directory, cgroup } = entering, entry = openEntry(readNote(directory), cgroup);
  let begun: ReturnType<typeof begin>;
  try {
    begun = begin(entering, entry);
  } finally {
    entry.close();
  }
  const { report, sync, inside } = begun;
  let conversation: Conversation = begun;
  const talk = async (): Promise<Child> => {
    if (entering.announced) {
      const said = await receive(report);
      if (said === null || !("says" in said)) throw await failureOf(conversation, said);
    }
    finishEntry(directory, conversation.child.pid, inside, cgroup);
    if (hasGroups(directory)) {
      (await import("../resctrl/groups.ts")).enterGroups(directory, conversation.child.pid);
    }
    goOn(sync);
    conversation = { ...conversation, child: await siblingOf(conversation) };
    let said = await receive(report);
    if (said !== null && "says" in said && said.says === SAYS.listener) {
      await entering.takeListener!(conversation.child.pid);
      goOn(sync);
      said = await receive(report);
    }
    if (said !== null) throw await failureOf(conversation, said);
    return conversation.child; // the end of what it says is its exec, or its end: which its status tells
  };
  try {
    return await converseWith(begun, talk);
  } catch (error) {
    end(conversation.child);
    throw error;
  } finally {
    report.close();
    sync.close();
  }
}
