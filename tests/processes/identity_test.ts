/**
 * Who a process is, against the real kernel: random scripts of set*id, capset, prctl, user namespaces and execve of set-id files and files with
 * capabilities, done by Linux and by ours; result, ids, groups, capabilities, securebits and dumpable must be the same after each step.
 * UMIAK_SCRIPTS says how many scripts, UMIAK_SEED which is the first.
 * @module
 */
import assert from "node:assert/strict";
import { S_IFREG } from "../../fs/abi/mode.ts";
import { X_OK } from "../../fs/abi/open.ts";
import { permission } from "../../fs/vfs/mod.ts";
import type { OpenFile } from "../../fs/vfs/open_file.ts";
import { CLONE_NEWUSER } from "../../runtime/abi/linux/clone.ts";
import { CapSet } from "../../runtime/sandbox/kernel/cap_set.ts";
import { commitCredentials, commitExecCredentials } from "../../runtime/sandbox/kernel/commit_cred.ts";
import { Credentials } from "../../runtime/sandbox/kernel/credentials.ts";
import { credentialsAfterExec } from "../../runtime/sandbox/kernel/exec_cred.ts";
import { Kernel } from "../../runtime/sandbox/kernel/kernel.ts";
import { unshare } from "../../runtime/sandbox/kernel/namespace_join.ts";
import { prctl } from "../../runtime/sandbox/kernel/prctl.ts";
import { capset } from "../../runtime/sandbox/kernel/set_caps.ts";
import * as ids from "../../runtime/sandbox/kernel/set_ids.ts";
import type { Task } from "../../runtime/sandbox/kernel/task.ts";
import { random } from "../support/random.ts";
import { testWhen } from "../support/when.ts";

const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
const NEEDS = {
  root: true,
  os: ["linux"] as const,
  tools: ["unshare", "gcc", "setcap"],
  // Linux 6.16 changed what execve takes for a gain of privileges.
  missing: major > 6 || (major === 6 && minor >= 16) ? undefined : "needs Linux 6.16",
};
const STEPS = 60;
const MAP = "0 1000 5\n5 0 1\n6 2000 100\n";

/** A file that can be executed: mode, owner, group, and what setcap(8) gives it. */
interface Program {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly caps?: string;
  readonly rootId?: number;
}
const PROGRAMS: Readonly<Record<string, Program>> = {
  plain: { mode: 0o755, uid: 0, gid: 0 },
  setuid_root: { mode: 0o4755, uid: 0, gid: 0 },
  setuid_user: { mode: 0o4755, uid: 1001, gid: 0 },
  setgid: { mode: 0o2755, uid: 0, gid: 1002 },
  mandatory: { mode: 0o2745, uid: 0, gid: 1002 },
  caps: { mode: 0o755, uid: 0, gid: 0, caps: "cap_net_raw,cap_kill+ep" },
  caps_later: { mode: 0o755, uid: 0, gid: 0, caps: "cap_net_raw+p" },
  caps_inherited: { mode: 0o755, uid: 0, gid: 0, caps: "cap_kill+ei" },
  caps_setuid: { mode: 0o4755, uid: 0, gid: 0, caps: "cap_setuid+ep" },
  caps_namespace: { mode: 0o755, uid: 1000, gid: 0, caps: "cap_chown+ep", rootId: 1000 },
};

/** The attribute that setcap writes for a program: also read back from the file, see `attribute`. */
type Attributes = ReadonlyMap<string, Uint8Array>;

type Step = readonly [command: string, ...args: (number | string)[]];

/** Our process. */
class Model {
  readonly task: Task = new Kernel().spawn();

  constructor(bounding: CapSet, readonly attributes: Attributes) {
    this.task.cred = Credentials.ROOT.with({ bounding, permitted: bounding, effective: bounding });
  }

  #commit(next: Credentials | number): number {
    if (typeof next === "number") return next;
    commitCredentials(this.task, next);
    return 0;
  }

  #exec(name: string): number {
    const { task } = this;
    const { mode, uid, gid } = PROGRAMS[name]!;
    const getxattr = (): Uint8Array | number => this.attributes.get(name) ?? -61;
    const inode = { mode: S_IFREG | mode, uid, gid, sb: { trusted: true }, getxattr };
    const file = { inode, mount: { flags: 0 } } as unknown as OpenFile;
    const denied = permission(task.cred, file.inode, X_OK);
    if (denied < 0) return denied;
    const next = credentialsAfterExec(task.cred, file, false);
    if (typeof next === "number") return next;
    commitExecCredentials(task, next);
    return 0;
  }

  run([command, ...args]: Step): string {
    const { task } = this;
    const { cred } = task;
    const [a = 0, b = 0, c = 0] = args as number[];
    const result = (): number => {
      switch (command) {
        case "setuid":
          return this.#commit(ids.setuid(cred, a));
        case "setgid":
          return this.#commit(ids.setgid(cred, a));
        case "setreuid":
          return this.#commit(ids.setreuid(cred, a, b));
        case "setregid":
          return this.#commit(ids.setregid(cred, a, b));
        case "setresuid":
          return this.#commit(ids.setresuid(cred, a, b, c));
        case "setresgid":
          return this.#commit(ids.setresgid(cred, a, b, c));
        case "setfsuid":
          return this.#commit(ids.setfsuid(cred, a));
        case "setfsgid":
          return this.#commit(ids.setfsgid(cred, a));
        case "setgroups":
          return this.#commit(ids.setgroups(cred, args as number[]));
        case "capset": {
          const [e, p, i] = args.map((hex) => ofHex(String(hex)));
          return this.#commit(capset(cred, e!, p!, i!));
        }
        case "prctl":
          return prctl(task, a, b, c);
        case "userns":
          return unshare(task, CLONE_NEWUSER);
        case "map": {
          const { userNs } = cred;
          const root = Credentials.ROOT;
          return userNs.writeMap("uids", MAP, root, root) < 0 || userNs.writeMap("gids", MAP, root, root) < 0
            ? -1
            : 0;
        }
      }
      return this.#exec(String(args[0]).split("/").at(-1)!);
    };
    return `${result()}|${this.#identity()}`;
  }

  #identity(): string {
    const { cred, dumpable } = this.task;
    const { fields: f, userNs } = cred;
    const uids = [f.uid, f.euid, f.suid, f.fsuid].map((id) => userNs.uids.shown(id));
    const gids = [f.gid, f.egid, f.sgid, f.fsgid].map((id) => userNs.gids.shown(id));
    const groups = f.groups.map((id) => `${userNs.gids.shown(id)}`).join(" ");
    const sets = [f.inheritable, f.permitted, f.effective, f.bounding, f.ambient];
    return [
      ...[uids.join(" "), gids.join(" "), `${groups} `, ...sets.map(String)],
      ...[Number(f.noNewPrivs), f.securebits, Number(dumpable)],
    ].join("|");
  }
}

function ofHex(hex: string): CapSet {
  const text = hex.padStart(16, "0");
  return CapSet.ofWords(parseInt(text.slice(8), 16), parseInt(text.slice(0, 8), 16));
}

/** Chooses the next step. */
function choose(model: Model, below: (n: number) => number, directory: string): Step {
  const { fields: f, userNs } = model.task.cred;
  const of = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const id = (): number => of([-1, 0, 0, 1, 2, 1000, 1001, 1003, 2005]);
  /** Part of a set, seldom more. */
  const part = (set: CapSet): string => {
    const mask = CapSet.ofWords(below(2 ** 32), below(2 ** 32));
    return String(of([set, set, set.and(mask), CapSet.EMPTY, below(8) === 0 ? CapSet.FULL : set]));
  };
  const cap = (): number => of([0, 5, 7, 13, 21, 40, 41, 63]);
  switch (below(16)) {
    case 0:
      return ["setuid", id()];
    case 1:
      return ["setgid", id()];
    case 2:
      return ["setreuid", id(), id()];
    case 3:
      return ["setregid", id(), id()];
    case 4:
    case 5:
      return ["setresuid", id(), id(), id()];
    case 6:
      return ["setresgid", id(), id(), id()];
    case 7:
      return [of(["setfsuid", "setfsgid"]), id()];
    case 8:
      return ["setgroups", ...Array.from({ length: below(4) }, () => Math.max(0, id()))];
    case 9:
      return ["capset", part(f.effective), part(f.permitted), part(of([f.inheritable, f.permitted]))];
    case 10:
      return ["prctl", 8, below(3)]; // PR_SET_KEEPCAPS
    case 11:
      return ["prctl", of([24, 23]), cap()]; // PR_CAPBSET_DROP, _READ
    case 12:
      return ["prctl", 47, below(5), cap()]; // PR_CAP_AMBIENT
    case 13:
      // Few of the flags that lock others, else all scripts end alike.
      return below(4) > 0 ? ["prctl", 4, below(3)] : ["prctl", 28, of([0, 1, 4, 16, 64, 5, 0x11, 2, 0x1000])];
    case 14:
      if (below(6) === 0) return ["prctl", 38, 1];
      if (userNs.parent === null) return below(3) === 0 ? ["userns"] : ["prctl", 3];
      return userNs.uids.extents.length === 0 ? ["map"] : ["prctl", 27];
  }
  return ["exec", `${directory}/${of(Object.keys(PROGRAMS))}`];
}

function script(
  seed: number,
  model: Model,
  directory: string,
): { readonly steps: Step[]; readonly results: string[] } {
  const below = random(seed);
  const steps: Step[] = [], results: string[] = [];
  while (steps.length < STEPS) {
    const step = choose(model, below, directory);
    steps.push(step);
    results.push(model.run(step));
  }
  return { steps, results };
}

async function run(command: string, args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command(command, { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout, success } = await child.output();
  assert.ok(success, `${command} ${args.join(" ")}`);
  return new TextDecoder().decode(stdout);
}

/** struct vfs_cap_data of a program, as setcap writes it. */
function attribute({ caps, rootId }: Program): Uint8Array | undefined {
  if (caps === undefined) return undefined;
  const [names, flags] = caps.split("+") as [string, string];
  const numbers: Readonly<Record<string, number>> = {
    cap_chown: 0,
    cap_kill: 5,
    cap_setuid: 7,
    cap_net_raw: 13,
  };
  const bits = names.split(",").reduce((set, name) => set | 1 << numbers[name]!, 0);
  const bytes = new Uint8Array(rootId === undefined ? 20 : 24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (rootId === undefined ? 0x02000000 : 0x03000000) | (flags.includes("e") ? 1 : 0), true);
  if (flags.includes("p")) view.setUint32(4, bits, true);
  if (flags.includes("i")) view.setUint32(8, bits, true);
  if (rootId !== undefined) view.setUint32(20, rootId, true);
  return bytes;
}

testWhen(NEEDS, "random scripts of ids, capabilities and execve make the same process on Linux", async () => {
  const scratch = await Deno.makeTempDir();
  try {
    await Deno.chmod(scratch, 0o755);
    const source = new URL("identity.c", import.meta.url).pathname;
    await run("gcc", ["-O1", "-o", `${scratch}/plain`, source]);
    const attributes = new Map<string, Uint8Array>();
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const path = `${scratch}/${name}`;
      if (name !== "plain") await Deno.copyFile(`${scratch}/plain`, path);
      await Deno.chown(path, program.uid, program.gid);
      await Deno.chmod(path, program.mode);
      const bytes = attribute(program);
      if (bytes === undefined) continue;
      attributes.set(name, bytes);
      const owner = program.rootId === undefined ? [] : ["-n", String(program.rootId)];
      await run("setcap", [...owner, program.caps!, path]);
    }
    const before = await run(
      "unshare",
      ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", `${scratch}/plain`],
      "prctl 3\n",
    );
    const bounding = ofHex(before.split("|")[7]!);
    const first = Number(Deno.env.get("UMIAK_SEED") ?? 1);
    for (let seed = first; seed < first + Number(Deno.env.get("UMIAK_SCRIPTS") ?? 25); seed++) {
      const { steps, results } = script(seed, new Model(bounding, attributes), scratch);
      const text = steps.map((step) => `${step.join(" ")}\n`);
      const output = await run(
        "unshare",
        ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", `${scratch}/plain`],
        text.join(""),
      );
      const expected = output.split("\n");
      const at = results.findIndex((result, i) => result !== expected[i]);
      const shown = text.slice(0, at + 1).map((step, i) => `${step.trimEnd()} -> ${expected[i]}`).join("\n");
      assert.equal(at, -1, `seed ${seed}: step ${at} gives\n${results[at]} here\n${shown}`);
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
});
