/** Steps that root of a new user namespace takes: it may do with files of the ids that are mapped what root may with all. @module */
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import type { IdMappings } from "../../program/types.ts";
import type { IdMapping } from "../../spec/types.ts";
import { closingOnError, makePipe, whileOpen } from "../ffi/descriptors.ts";
import { thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { spawnProgram } from "../ffi/spawn.ts";
import { waitFor } from "../ffi/wait.ts";
import { resetSignals, setName } from "../program/common.ts";
import { SAYS } from "../program/message.ts";
import { awaitByte, FATAL_STEPS, reportTo, say } from "../program/protocol.ts";
import { compileTable } from "../table/compile_table.ts";
import type { NativeStep } from "../table/types.ts";
import { goOn, receive } from "./conversation.ts";
import { type Conversation, end, failureOf } from "./process_conversation.ts";
import { isRootless, mapIds } from "./rootless.ts";

/** Who owns what no id is mapped to. */
const OVERFLOW_ID = 65534;

/** An id as a user namespace has it; that of nobody if it has none there. */
export function idInside(id: number, maps: readonly IdMapping[]): number {
  const map = maps.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return map === undefined ? OVERFLOW_ID : id - map.hostID + map.containerID;
}

/** What is to be done. */
export interface RootTask {
  /** Name in lists of processes. */
  readonly name: string;
  /** Directory for the program's file, if that cannot be in memory only. */
  readonly directory: string;
  /** Descriptors that it has. */
  readonly descriptors: readonly number[];
  /** What it does. */
  readonly steps: readonly NativeStep[];
  /** In words. */
  readonly what: string;
}

function begin({ name, directory, descriptors, steps: own, what }: RootTask): Conversation {
  const [report, reporting] = makePipe(what), [syncing, sync] = makePipe(what);
  return closingOnError([report, sync], () =>
    whileOpen((hold) => {
      hold(reporting);
      hold(syncing);
      const steps: NativeStep[] = [
        setName(name),
        reportTo(reporting.fd),
        ...resetSignals(),
        // After its exec, which would have cost what it may do here (man 7 user_namespaces).
        { call: "unshare", args: [CLONE_NEWUSER], what: `${what}: making a user namespace` },
        say(SAYS.environment),
        ...awaitByte(syncing.fd, "mapped"),
        { call: "setresgid", args: [0, 0, 0], what },
        { call: "setresuid", args: [0, 0, 0], what },
        ...own,
        { native: "exit_group", args: [0], what },
      ];
      const table = compileTable(steps, FATAL_STEPS, thisMachine().architecture);
      const file = hold(makeProgramFile(table, directory));
      const all = [reporting.fd, syncing.fd, ...descriptors];
      return {
        child: spawnProgram({ file, name, cloneFlags: 0, descriptors: all }),
        ...{ table, report, sync },
      };
    }));
}

function map(pid: number, maps: IdMappings): void {
  if (isRootless()) return mapIds(pid, maps);
  for (const [file, mappings] of [["uid_map", maps.uidMappings], ["gid_map", maps.gidMappings]] as const) {
    const lines = mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`);
    Deno.writeTextFileSync(`/proc/${pid}/${file}`, lines.join(""));
  }
}

/** Has the steps taken by a process that is root of a user namespace with these maps. Throws an Error that says which step failed. */
export async function runAsRootOf(maps: IdMappings, task: RootTask): Promise<void> {
  const conversation = begin(task), { child, report, sync } = conversation;
  try {
    const said = await receive(report);
    if (said === null || !("says" in said)) throw await failureOf(conversation, said);
    map(child.pid, maps);
    goOn(sync);
    const failed = await receive(report);
    if (failed !== null) throw await failureOf(conversation, failed);
    const status = await waitFor(child.pidfd.fd);
    if (status !== 0) throw new Error(`${task.what}: the process that did it ended with status ${status}`);
    child.pidfd.close();
  } catch (error) {
    end(child);
    throw error;
  } finally {
    report.close();
    sync.close();
  }
}
