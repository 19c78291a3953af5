/** Runtimes of the host's own kernel: Debian's runc and crun. They judge the cases. @module */
import { exists } from "../../support/exists.ts";
import { runtimeCommand } from "../../runtime/support.ts";
import { repositoryFile } from "../../support/umiak.ts";
import { reasonAgainst } from "../../support/when.ts";
import { writeBundle } from "../bundle.ts";
import type { Need } from "../types.ts";
import { type Adapter, fail, inDirectory } from "./adapter.ts";
import { CommandRun } from "./command.ts";

/** What the runtime's own process has: what a container without a namespace inherits. */
function hostFacts(): unknown {
  const names = [...Deno.readDirSync("/proc/self/ns")].map(({ name }) => name);
  return {
    namespaces: Object.fromEntries(names.map((name) => [name, Deno.readLinkSync(`/proc/self/ns/${name}`)])),
    hostname: Deno.hostname(),
    oomScoreAdj: Deno.readTextFileSync("/proc/self/oom_score_adj").trim(),
  };
}

function hasController(name: string): boolean {
  return exists("/sys/fs/cgroup/cgroup.controllers") &&
    Deno.readTextFileSync("/sys/fs/cgroup/cgroup.controllers").trim().split(" ").includes(name);
}

const NEEDS: Readonly<Record<Need, { there: () => boolean; why: string }>> = {
  cgroup2: { there: () => exists("/sys/fs/cgroup/cgroup.controllers"), why: "no pure cgroup v2" },
  cpuset: { there: () => hasController("cpuset"), why: "no controller cpuset" },
  ioWeight: {
    // Only the root has it.
    there: () => exists("/sys/fs/cgroup/io.cost.qos"),
    why: "no io.weight in the kernel",
  },
  sda: { there: () => exists("/sys/dev/block/8:0"), why: "no disk 8:0" },
  apparmor: { there: () => exists("/sys/kernel/security/apparmor"), why: "no AppArmor in the kernel" },
  selinux: { there: () => exists("/sys/fs/selinux/enforce"), why: "no SELinux in the kernel" },
  resctrl: { there: () => exists("/sys/fs/resctrl/schemata"), why: "no resctrl" },
  numa: { there: () => exists("/sys/devices/system/node/node0"), why: "no NUMA" },
};

/** The probe as a program of this host, compiled once. */
const nativeProbe = ((): () => Promise<string> => {
  let built: Promise<string> | undefined;
  return () =>
    built ??= (async () => {
      const dir = await Deno.makeTempDir({ prefix: "umiak-probe-" });
      globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
      const { success, stderr } = await new Deno.Command("cc", {
        args: ["-O2", "-static", "-o", `${dir}/probe`, repositoryFile("tests/probe/probe.c")],
      }).output();
      if (!success) throw new Error(`compiling the probe: ${new TextDecoder().decode(stderr)}`);
      return `${dir}/probe`;
    })();
})();

/** A mount namespace where there is no second hierarchy: crun 1.8 refuses a hybrid of both versions. */
const WITHOUT_UNIFIED = [
  ...["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified; exec "$@"', "sh"],
];

/** Control groups above the containers', and of containers that could not be made: runtimes leave them. */
function removeGroups(id: string): void {
  for (const { name } of Deno.readDirSync("/sys/fs/cgroup")) {
    for (const end of [`${id}-group/inner`, `${id}-group`, id]) {
      try {
        Deno.removeSync(`/sys/fs/cgroup/${name}/${end}`);
      } catch {
        // It is not there.
      }
    }
  }
}

/** What a container has left after it has been deleted: control groups, mounts, its state. Those of other runtimes are their own affair. */
function leftovers(id: string, dir: string): string[] {
  const root = "/sys/fs/cgroup", own = new RegExp(`^${id}(-[0-9a-f]{8})?$`);
  const hierarchies = [...Deno.readDirSync(root)].filter(({ isDirectory }) => isDirectory);
  const groups = [root, ...hierarchies.map(({ name }) => `${root}/${name}`)].flatMap((directory) =>
    Array.from(Deno.readDirSync(directory), ({ name }) => name).flatMap((name) => {
      const inner = `${directory}/${name}/inner`;
      return own.test(name)
        ? [`${directory}/${name}`]
        : name === `${id}-group` && exists(inner)
        ? [inner]
        : [];
    })
  );
  const mountinfo = Deno.readTextFileSync("/proc/self/mountinfo").split("\n");
  const states = exists(`${dir}/state`)
    ? Array.from(Deno.readDirSync(`${dir}/state`), ({ name }) => name)
    : [];
  return [
    ...groups,
    ...mountinfo.filter((line) => line.includes(`${dir}/`)),
    ...states.filter((name) => name.startsWith(id)),
  ];
}

/** This repository's own, and Debian's. */
export const HOST_RUNTIMES = ["native", "runc", "crun"] as const;

/** Name of one of them. */
export type HostRuntime = typeof HOST_RUNTIMES[number];

let containers = 0;

/** The words of a runtime with its state in a directory. */
function commandOf(name: HostRuntime, hybrid: boolean, root: string): string[] {
  if (name === "native") return runtimeCommand(root);
  return [...hybrid ? WITHOUT_UNIFIED : [], name, "--root", root];
}

/** A runtime of this host's kernel. */
export function hostAdapter(name: HostRuntime): Adapter {
  const hybrid = name === "crun" && exists("/sys/fs/cgroup/unified");
  const tools = [...name === "native" ? [] : [name], "cc", ...hybrid ? ["unshare"] : []];
  return {
    name,
    parallel: 2,
    missing: reasonAgainst({ tools, root: true, os: ["linux"] }),
    lacks: (need) => NEEDS[need].there() ? undefined : NEEDS[need].why,
    run: (test) =>
      inDirectory(async (dir) => {
        const id = `umiak-conformance-${Deno.pid}-${++containers}`;
        const names = { dir, rootfs: `${dir}/rootfs`, id, probe: `${dir}/rootfs/probe` };
        await writeBundle(dir, test, await nativeProbe(), names);
        const run = new CommandRun(commandOf(name, hybrid, `${dir}/state`), dir, id, names, hostFacts());
        try {
          const result = await run.run(test).finally(() => run.clean());
          const left = name === "native" ? leftovers(id, dir) : [];
          return left.length === 0 ? result : fail(`it has left ${left.join(", ")}`);
        } finally {
          removeGroups(id);
        }
      }),
  };
}
