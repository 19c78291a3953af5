/** The userland kernel: cases of one run in this process, scripts by `umiak-runtime`. @module */
import { runtimeCommand } from "../../runtime/support.ts";
import { INITIAL_INODES } from "../../../runtime/sandbox/kernel/namespace.ts";
import { repositoryFile } from "../../support/umiak.ts";
import { writeBundle } from "../bundle.ts";
import type { Need } from "../types.ts";
import { type Adapter, inDirectory } from "./adapter.ts";
import { CommandRun } from "./command.ts";
import { runInProcess } from "./sandbox_process.ts";

let containers = 0;

/** Namespaces of the host are the initial ones of the kernel. */
const HOST_NAMESPACES = Object.fromEntries(
  Object.entries(INITIAL_INODES).map(([type, ino]) => [type, `${type}:[${ino}]`]),
);

const LACKS: Readonly<Partial<Record<Need, string>>> = {
  apparmor: "the userland kernel has no AppArmor",
  selinux: "the userland kernel has no SELinux",
  resctrl: "the userland kernel has no caches",
  sda: "the userland kernel has no block devices",
  numa: "the userland kernel has one node",
};

/** The adapter. */
export function sandboxAdapter(): Adapter {
  return {
    name: "sandbox",
    parallel: 2,
    missing: Deno.build.os === "windows" ? "scripts need a POSIX shell" : undefined,
    lacks: (need) => LACKS[need],
    run: (test) =>
      inDirectory(async (dir) => {
        const id = `c${++containers}`;
        const names = { dir, rootfs: `${dir}/rootfs`, id, probe: `${dir}/rootfs/probe` };
        await writeBundle(dir, test, repositoryFile("tests/probe/probe.wasm"), names);
        if (test.steps === undefined && !test.process) return await runInProcess(test, dir, id);
        const run = new CommandRun(runtimeCommand(`${dir}/state`), dir, id, names, {
          hostname: Deno.hostname(),
          namespaces: HOST_NAMESPACES,
        });
        try {
          return await run.run(test);
        } finally {
          await run.clean();
        }
      }),
  };
}
