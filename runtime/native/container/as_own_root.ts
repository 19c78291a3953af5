/** What an ordinary user may do as root of a user namespace of its own: change owners among the ids that it has been given (man 5 subuid). @module */
import { nameToBytes } from "../../../fs/abi/name.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../../../fs/abi/open.ts";
import { isLnk } from "../../../fs/abi/mode.ts";
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import type { IdMapping } from "../../spec/types.ts";
import { closingOnError, type Descriptor, makePipe, whileOpen } from "../ffi/descriptors.ts";
import { thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { spawnProgram } from "../ffi/spawn.ts";
import { resetSignals, setName } from "../program/common.ts";
import { awaitByte, FATAL_STEPS, reportTo, say, SAYS } from "../program/protocol.ts";
import { compileTable } from "../table/compile_table.ts";
import type { Bytes, NativeStep } from "../table/types.ts";
import { waitFor } from "../ffi/wait.ts";
import { goOn, receive } from "./conversation.ts";
import { type Conversation, end, failureOf } from "./create.ts";
import { mapIds } from "./rootless.ts";

/** Maps of a user namespace. */
export interface UserMaps {
  /** User ids. */
  readonly uidMappings: readonly IdMapping[];
  /** Group ids. */
  readonly gidMappings: readonly IdMapping[];
}

/** A file to be given to somebody. Ids are those of the user namespace. */
export interface NewOwner {
  /** Path, relative to a directory. No component but the last may be a symbolic link that is not trusted. */
  readonly path: string;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Type and permission bits, which a change of owners takes some of. */
  readonly mode: number;
}

/** Files that are given away by one process. */
const BATCH = 2000;

const bytesOf = (path: string): Bytes => ({ bytes: Uint8Array.from([...nameToBytes(path), 0]) });

function giveSteps({ path, uid, gid, mode }: NewOwner, what: string): NativeStep[] {
  const doing = `${what}: ${JSON.stringify(path)}`, at = bytesOf(path);
  return [
    { native: "fchownat", args: [AT_FDCWD, at, uid, gid, AT_SYMLINK_NOFOLLOW], what: doing },
    ...isLnk(mode) ? [] : [{ native: "fchmodat", args: [AT_FDCWD, at, mode & 0o7777], what: doing } as const],
  ];
}

function begin(directory: string, own: readonly NativeStep[], what: string): Conversation {
  const [report, reporting] = makePipe(what), [syncing, sync] = makePipe(what);
  return closingOnError([report, sync], () =>
    whileOpen((hold) => {
      hold(reporting);
      hold(syncing);
      const steps: NativeStep[] = [
        setName("umiak-owners"),
        reportTo(reporting.fd),
        ...resetSignals(),
        // After its exec, which would have cost what it may do here (man 7 user_namespaces).
        { call: "unshare", args: [CLONE_NEWUSER], what: `${what}: making a user namespace` },
        say(SAYS.environment),
        ...awaitByte(syncing.fd, "mapped"),
        { call: "setresgid", args: [0, 0, 0], what },
        { call: "setresuid", args: [0, 0, 0], what },
        { call: "chdir", args: [directory], what },
        ...own,
        { native: "exit_group", args: [0], what },
      ];
      const table = compileTable(steps, FATAL_STEPS, thisMachine().architecture);
      const file: Descriptor = hold(makeProgramFile(table, directory));
      const descriptors = [reporting.fd, syncing.fd];
      return {
        child: spawnProgram({ file, name: "umiak-owners", cloneFlags: 0, descriptors }),
        ...{ table, report, sync },
      };
    }));
}

async function run(
  maps: UserMaps,
  directory: string,
  own: readonly NativeStep[],
  what: string,
): Promise<void> {
  const conversation = begin(directory, own, what);
  const { child, report, sync } = conversation;
  try {
    const said = await receive(report);
    if (said === null || !("says" in said)) throw await failureOf(conversation, said);
    mapIds(child.pid, maps);
    goOn(sync);
    const failed = await receive(report);
    if (failed !== null) throw await failureOf(conversation, failed);
    const status = await waitFor(child.pidfd.fd);
    if (status !== 0) throw new Error(`${what}: the process that did it ended with status ${status}`);
    child.pidfd.close();
  } catch (error) {
    end(child);
    throw error;
  } finally {
    report.close();
    sync.close();
  }
}

/** Gives files below a directory, which nobody else changes meanwhile, to others. In the order of the list. */
export async function giveFiles(
  maps: UserMaps,
  directory: string,
  files: readonly NewOwner[],
  what: string,
): Promise<void> {
  for (let at = 0; at < files.length; at += BATCH) {
    await run(maps, directory, files.slice(at, at + BATCH).flatMap((file) => giveSteps(file, what)), what);
  }
}
