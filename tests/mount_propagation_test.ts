/**
 * Mounts against the real kernel: random scripts of mount(8) and umount(8) in two mount namespaces, run by Linux in throw-away
 * namespaces and by ours; the mountinfo of both must be the same after every step. @module
 */
import assert from "node:assert/strict";
import {
  MNT_DETACH,
  MS_BIND,
  MS_MOVE,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  MS_SHARED,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_UNBINDABLE,
} from "../fs/abi/mount.ts";
import { lookupAt, mkdirAt, mountAt, mountinfo, type MountNamespace } from "../fs/vfs/mod.ts";
import { path, testCaller } from "../fs/testing/mod.ts";
import { TmpfsSuper, tmpfsType } from "../fs/tmpfs/mod.ts";
import { testWhen } from "./support/when.ts";
import { random } from "./support/random.ts";

const NEEDS = { root: true, os: ["linux"] as const, tools: ["unshare", "nsenter", "mount", "umount"] };
const STEPS = 40;

interface Step {
  /** Which namespace it is made in. */
  readonly second: boolean;
  readonly args: readonly string[];
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  /** -1 for mount; else umount2's flags. */
  readonly umount: number;
}

const NAMES = ["a", "b", "c", "d"];
const FLAGS: readonly (readonly [string, number])[] = [
  ["ro", MS_RDONLY],
  ["nosuid", MS_NOSUID],
  ["nodev", MS_NODEV],
  ["noexec", MS_NOEXEC],
  ["noatime", MS_NOATIME],
  ["nodiratime", MS_NODIRATIME],
  ["strictatime", MS_STRICTATIME],
  ["nosymfollow", MS_NOSYMFOLLOW],
];
const TYPES: readonly (readonly [string, number])[] = [
  ["shared", MS_SHARED],
  ["slave", MS_SLAVE],
  ["private", MS_PRIVATE],
  ["unbindable", MS_UNBINDABLE],
];

function script(seed: number): Step[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!;
  const place = (): string =>
    `/${pick(NAMES)}${next(2) === 0 ? `/${pick(NAMES)}` : ""}${next(5) === 0 ? `/${pick(NAMES)}` : ""}`;
  const out: Step[] = [];
  // Begin with what makes the rest interesting.
  const base = { source: "", type: "", flags: 0, umount: -1, second: false };
  while (out.length < STEPS) {
    const second = next(4) === 0;
    const source = place(), target = place();
    const kind = next(20);
    const recursive = next(2) === 0;
    if (kind < 1) {
      out.push({ ...base, second, target, source: "src", type: "tmpfs", args: ["-t", "tmpfs", "src"] });
    } else if (kind < 8) {
      const flags = MS_BIND | (recursive ? MS_REC : 0);
      out.push({ ...base, second, source, target, flags, args: [recursive ? "--rbind" : "--bind", source] });
    } else if (kind < 10) {
      out.push({ ...base, second, source, target, flags: MS_MOVE, args: ["--move", source] });
    } else if (kind < 15) {
      const [name, type] = TYPES[Math.min(next(6), 5) % (next(5) === 0 ? 4 : 3)]!;
      const flags = type | (recursive ? MS_REC : 0);
      out.push({ ...base, second, target, flags, args: [`--make-${recursive ? "r" : ""}${name}`] });
    } else if (kind < 16) {
      const chosen = FLAGS.filter(() => next(3) === 0 && next(2) === 0);
      const flags = chosen.reduce((sum, [, flag]) => sum | flag, MS_REMOUNT | MS_BIND);
      // With a source: without one mount(8) adds the options that it finds in mountinfo.
      const options = ["remount", "bind", ...chosen.map(([name]) => name)].join(",");
      out.push({ ...base, second, target, flags, args: ["-o", options, "none"] });
    } else out.push({ ...base, second, target, args: [], umount: next(3) === 0 ? MNT_DETACH : 0 });
  }
  return out;
}

/** The shell script that Linux runs: results of all steps, and the mountinfo of both namespaces after each. */
function shell(steps: readonly Step[]): string {
  const lines = steps.map(({ second, args, target, umount }) => {
    const words = umount < 0
      ? ["mount", "-n", ...args.map((arg) => arg.startsWith("/") ? `$R${arg}` : arg), `$R${target}`]
      : ["umount", "-n", ...umount === 0 ? [] : ["-l"], `$R${target}`];
    return `${second ? "nsenter -m -t $B -w " : ""}${words.join(" ")} >/dev/null 2>&1; echo "=$?"; show`;
  });
  return `set -u
R=$(pwd -P)/root
mkdir -p $R
mount -n -t tmpfs top $R && mount -n --make-private $R
for a in ${NAMES.join(" ")}; do for b in ${NAMES.join(" ")}; do mkdir -p $R/$a/$b; for c in ${
    NAMES.join(" ")
  }; do mkdir $R/$a/$b/$c; done; done; done
cd /
mkfifo $R/fifo
mount -n --make-shared $R
unshare -m --propagation unchanged sleep 1000 </dev/null >/dev/null 2>&1 &
B=$!
while [ "$(readlink /proc/$B/ns/mnt)" = "$(readlink /proc/$$/ns/mnt)" ]; do :; done
show() { while read -r line; do case $line in *" $R"*) echo "1 $line";; esac; done </proc/$$/mountinfo
  while read -r line; do case $line in *" $R"*) echo "2 $line";; esac; done </proc/$B/mountinfo; }
${lines.join("\n")}
kill $B
`;
}

/** Mountinfo without what may differ: ids of mounts are replaced by where they sit, numbers of groups by their order. */
function normal(namespaces: readonly string[], top: string): string[] {
  const groups = new Map<string, number>();
  const all: string[][] = namespaces.map((text) => {
    const rows = text.split("\n").filter((line) => line !== "").map((line) => line.split(" "))
      .filter((row) => row[4] === top || row[4]!.startsWith(`${top}/`));
    const byId = new Map(rows.map((row) => [row[0]!, row]));
    const key = (row: readonly string[]): string => {
      const parent = byId.get(row[1]!);
      return `${parent === undefined ? "" : key(parent)} > ${row[4]!.slice(top.length)}`;
    };
    return rows.map((row) => [key(row), ...row.slice(3, 4), ...row.slice(5)].join(" ")).sort();
  });
  const number = (id: string): string => {
    if (!groups.has(id)) groups.set(id, groups.size + 1);
    return String(groups.get(id));
  };
  return all.map((rows, i) =>
    rows.map((row) =>
      `${i + 1}${
        row.replace(/ - .*/, "").replace(/(shared|master|propagate_from):(\d+)/g, (_, name, id) =>
          `${name}:${number(id)}`)
      }`
    ).join("\n")
  );
}

class Ours {
  readonly first = testCaller(new TmpfsSuper());
  readonly second: { mountNs: MountNamespace };

  constructor() {
    const c = this.first;
    c.vfs.filesystems.set("tmpfs", tmpfsType);
    mkdirAt(c, null, path("/root"), 0o755);
    mountAt(c, "top", path("/root"), "tmpfs", 0, "");
    for (const a of NAMES) {
      mkdirAt(c, null, path(`/root/${a}`), 0o755);
      for (const b of NAMES) {
        mkdirAt(c, null, path(`/root/${a}/${b}`), 0o755);
        for (const d of NAMES) mkdirAt(c, null, path(`/root/${a}/${b}/${d}`), 0o755);
      }
    }
    mountAt(c, "", path("/root"), "", MS_SHARED, "");
    const { namespace } = c.mountNs.clone();
    const root = namespace.rootPath;
    this.second = Object.assign(Object.create(c), { mountNs: namespace, root, cwd: root });
  }

  run({ second, source, target, type, flags, umount }: Step): number {
    const c = (second ? this.second : this.first) as typeof this.first;
    const to = path(`/root${target}`);
    if (umount < 0) {
      return mountAt(c, source.startsWith("/") ? path(`/root${source}`) : source, to, type, flags, "");
    }
    const at = lookupAt(c, null, to, true);
    if (typeof at === "number") return at;
    return at.dentry === at.mount.root ? c.mountNs.umount(at.mount, umount, c.root) : -22;
  }

  info(): string[] {
    return [this.first.mountNs, this.second.mountNs].map((ns) => mountinfo(ns, ns.rootPath));
  }
}

async function linux(
  steps: readonly Step[],
): Promise<{ top: string; results: { ok: boolean; info: string[] }[] }> {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "umiak-mounts-" }));
  try {
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: [
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--propagation",
        "private",
        "sh",
        "-c",
        shell(steps),
      ],
      cwd: dir,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(text.includes("="), new TextDecoder().decode(stderr));
    const results = text.split(/^=/m).slice(1).map((part) => {
      const [code, ...lines] = part.split("\n");
      const of = (n: string): string =>
        lines.filter((line) => line.startsWith(`${n} `)).map((line) => line.slice(2)).join("\n");
      return { ok: code === "0", info: [of("1"), of("2")] };
    });
    return { top: `${dir}/root`, results };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

testWhen(
  NEEDS,
  "mountinfo after random mounts, binds, moves and unmounts in two namespaces is Linux's (sharedsubtree, man 5 proc_pid_mountinfo)",
  async (t) => {
    const seeds = Number(Deno.env.get("UMIAK_FUZZ_SEEDS") ?? 6);
    for (let seed = 1; seed <= seeds; seed++) {
      await t.step(`seed ${seed}`, async () => {
        const steps = script(seed);
        const { top, results } = await linux(steps);
        assert.equal(results.length, steps.length);
        const ours = new Ours();
        const done: string[] = [];
        steps.forEach((step, i) => {
          const result = ours.run(step);
          const { second, args, umount, target } = step;
          done.push(
            `${second ? "2: " : "1: "}${
              umount < 0 ? `mount ${args.join(" ")}` : `umount ${umount}`
            } ${target} -> ${result}`,
          );
          const told = done.join("\n");
          assert.equal(
            result === 0,
            results[i]!.ok,
            `seed ${seed}, step ${i}: Linux says ${results[i]!.ok}\n${told}`,
          );
          assert.deepEqual(
            normal(ours.info(), "/root"),
            normal(results[i]!.info, top),
            `seed ${seed}, step ${i}\n${told}`,
          );
        });
      });
    }
  },
);
