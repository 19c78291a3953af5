/** Files of /proc that show the namespaces of whoever opens them: /proc/sysvipc, and parameters of /proc/sys. @module */
import type { BoundContent } from "../../../fs/pseudo/mod.ts";
import type { ProcEntry } from "../../../fs/procfs/mod.ts";
import { CONTROLLERS } from "./cgroup/controllers.ts";
import { IPC_PARAMETERS } from "./ipc/sysctls.ts";
import { NET_PARAMETERS } from "../net/proc/sysctls.ts";
import type { Namespace } from "./namespace.ts";
import type { Task } from "./task.ts";

/** Longest host and domain name (man 2 sethostname). */
const HOST_NAME_MAX = 64;

/** A parameter that belongs to a namespace: its owner is that namespace's root. */
function parameter(
  name: string,
  opener: () => Task,
  namespaceOf: (task: Task) => Namespace,
  bind: (task: Task) => BoundContent,
): ProcEntry {
  return {
    path: `sys/${name.replaceAll(".", "/")}`,
    mode: 0o644,
    bind: () => bind(opener()),
    owner(): { uid: number; gid: number } {
      const owner = namespaceOf(opener()).owner!;
      return { uid: Math.max(0, owner.uids.toKernel(0)), gid: Math.max(0, owner.gids.toKernel(0)) };
    },
  };
}

function name(field: "hostname" | "domainname", opener: () => Task): ProcEntry {
  return {
    path: `sys/kernel/${field}`,
    mode: 0o644,
    bind(): BoundContent {
      const { uts } = opener().nsproxy;
      return {
        read: () => `${uts[field]}\n`,
        write(text) {
          uts[field] = text.split("\n")[0]!.slice(0, HOST_NAME_MAX);
          return 0;
        },
      };
    },
  };
}

/** /proc/cgroups: controllers, all of the version 2 hierarchy (0), and how many groups there are. */
function describeControllers({ kernel }: Task): string {
  const groups = kernel.cgroups.root.descendants() + 1;
  return "#subsys_name\thierarchy\tnum_cgroups\tenabled\n" +
    CONTROLLERS.map((controller) => `${controller}\t0\t${groups}\t1\n`).join("");
}

/** All of them; `opener` is who walks a path now. */
export function procEntries(opener: () => Task): ProcEntry[] {
  const ipc = Object.entries(IPC_PARAMETERS).map(([key, { read, write }]) =>
    parameter(key, opener, (task) => task.nsproxy.ipc, ({ nsproxy: { ipc: { objects: { limits } } } }) => ({
      read: () => `${read(limits)}\n`,
      write: (text) => write(limits, text),
    }))
  );
  const shown = (
    path: string,
    read: (objects: Task["nsproxy"]["ipc"]["objects"]) => string,
  ): ProcEntry => ({
    path: `sysvipc/${path}`,
    mode: 0o444,
    bind(): BoundContent {
      const { objects } = opener().nsproxy.ipc;
      return { read: () => read(objects) };
    },
  });
  const net = Object.entries(NET_PARAMETERS).map(([key, { read, write }]) =>
    parameter(key, opener, (task) => task.nsproxy.net, ({ nsproxy: { net: { sysctls } } }) => ({
      read: () => `${read(sysctls)}\n`,
      write: (text) => write(sysctls, text),
    }))
  );
  return [
    name("domainname", opener),
    name("hostname", opener),
    ...ipc,
    ...net,
    {
      path: "cgroups",
      mode: 0o444,
      bind: () => ({ read: () => describeControllers(opener()) }),
    },
    shown("msg", (objects) => objects.describeMessages()),
    shown("sem", (objects) => objects.describeSemaphores()),
    shown("shm", (objects) => objects.describeSharedMemory()),
  ];
}
