/** Cases on the userland kernel in this process: many in a second, and the kernel can be asked what preview 1 does not tell. @module */
import { major, minor } from "../../../fs/abi/device.ts";
import { S_IFBLK, S_IFIFO, S_IFMT } from "../../../fs/abi/mode.ts";
import { AT_SYMLINK_NOFOLLOW } from "../../../fs/abi/open.ts";
import { Stat } from "../../../fs/abi/stat.ts";
import { statAt } from "../../../fs/vfs/attributes.ts";
import { parsePath, type PathName } from "../../../fs/vfs/path_name.ts";
import { readBundle } from "../../../runtime/engine/bundle_config.ts";
import { FIRST_PLACE, prepareFirst } from "../../../runtime/sandbox/exec/host/prepare.ts";
import { HostInput, HostOutput } from "../../../runtime/sandbox/exec/host_stream.ts";
import type { ReadyProcess } from "../../../runtime/sandbox/kernel/program_runner.ts";
import type { Task } from "../../../runtime/sandbox/kernel/task.ts";
import { disagreement } from "../judge.ts";
import { interpret } from "../report.ts";
import type { Case, Result } from "../types.ts";
import { fail, PASS } from "./adapter.ts";

/** Types that preview 1 has no number for. */
const TYPES: Readonly<Record<number, string>> = { [S_IFIFO]: "fifo", [S_IFBLK]: "block" };

/** Modes, owners and device numbers of what the probe looks at: preview 1 has no such fields. */
function attributes(task: Task, args: readonly string[]): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const arg of args) {
    if (!arg.startsWith("stat=")) continue;
    const stat = new Stat();
    const path = arg.slice(5);
    if (statAt(task, null, parsePath(path) as PathName, AT_SYMLINK_NOFOLLOW, stat) < 0) continue;
    const type = TYPES[stat.mode & S_IFMT];
    found[path] = {
      ...type === undefined ? {} : { type },
      mode: (stat.mode & ~S_IFMT).toString(8).padStart(4, "0"),
      ...{ uid: stat.uid, gid: stat.gid, device: `${major(stat.rdev)}:${minor(stat.rdev)}` },
    };
  }
  return found;
}

function namespacesOf(task: Task): Record<string, string> {
  const { pid, mnt, uts, ipc, net, cgroup, time } = task.nsproxy;
  const shown = Object.entries({ pid, mnt, uts, ipc, net, cgroup, time }).map(([name, ns]) => [
    ...[name, `${name}:[${ns.ino}]`],
  ]);
  return { ...Object.fromEntries(shown), user: `user:[${task.cred.userNs.ino}]` };
}

/** Runs a case whose bundle is in `dir`. */
export async function runInProcess(test: Case, dir: string, id: string): Promise<Result> {
  const notes: string[] = [];
  let stage: "create" | "start" = "create", prepared: ReturnType<typeof prepareFirst>, ready: ReadyProcess;
  let output = "", errors = "";
  const collect = (into: (text: string) => void): HostOutput => {
    const decoder = new TextDecoder();
    const writeSync = (bytes: Uint8Array): number => {
      into(decoder.decode(bytes.slice(), { stream: true }));
      return bytes.length;
    };
    return new HostOutput({ writeSync });
  };
  try {
    const { bundle, rootfs, spec } = readBundle(dir);
    prepared = prepareFirst({ id, spec, bundle, rootfs, place: FIRST_PLACE }, {
      diagnose: (message) => notes.push(message),
    });
  } catch (error) {
    return test.fails === "create" || test.mayFail ? PASS : fail(`create: ${(error as Error).message}`);
  }
  const { sandbox, program } = prepared;
  try {
    const streams = [
      new HostInput({ readSync: () => 0, read: () => Promise.resolve(null) }),
      ...[collect((text) => output += text), collect((text) => errors += text)],
    ] as [HostInput, HostOutput, HostOutput];
    try {
      ready = await sandbox.prepare(program, streams, (reached) => {
        if (reached === "created") stage = "start";
        return Promise.resolve();
      });
    } catch (error) {
      return test.fails === stage ? PASS : fail(`${stage}: ${(error as Error).message}`);
    }
    if (test.fails === "create") return fail("it was created");
    const stats = attributes(ready.task, ready.task.argv);
    const host = {
      namespaces: namespacesOf(sandbox.kernel.swapper),
      ...{
        hostname: sandbox.kernel.initial.uts.hostname,
        oomScoreAdj: String(sandbox.kernel.swapper.oomScoreAdj),
      },
    };
    const status = await sandbox.run(ready);
    if (test.fails === "start") return fail("its program ran");
    if (output === "") return fail(`no report: wait status ${status}: ${errors}${notes.join("; ")}`);
    const report = interpret(output);
    const { stat = {} } = report.asked as { stat?: Record<string, object> };
    for (const [path, more] of Object.entries(stats)) Object.assign(stat[path] ?? {}, more);
    const why = disagreement({ ...report, exit: status >> 8 }, test.expect ?? [], host);
    return why === undefined ? PASS : fail(why);
  } finally {
    sandbox.shutdown();
  }
}
