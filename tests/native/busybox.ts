/** Root filesystems of Debian's static busybox: nothing in them is the host's. @module */
import { exists } from "../support/exists.ts";
import type { Bench } from "../runtime/support.ts";
import { reasonAgainst } from "../support/when.ts";
import { type Config, configOf, NATIVE } from "./support.ts";

const BUSYBOX = "/bin/busybox";

/** True if it runs without libraries: an ELF file without an interpreter (PT_INTERP, man 5 elf). */
function isStatic(): boolean {
  try {
    const bytes = Deno.readFileSync(BUSYBOX), view = new DataView(bytes.buffer);
    const at = Number(view.getBigUint64(32, true)), size = view.getUint16(54, true);
    const headers = Array.from({ length: view.getUint16(56, true) }, (_, i) => at + i * size);
    return !headers.some((header) => view.getUint32(header, true) === 3);
  } catch {
    return false;
  }
}

/** Root on Linux with a static busybox. */
export const WITH_BUSYBOX = {
  ...NATIVE,
  missing: reasonAgainst(NATIVE) ?? (isStatic() ? undefined : "needs busybox-static"),
};

/** Names that the tests' scripts use. */
const NAMES = [
  ..."sh cat ls echo sleep true false stat grep readlink mkdir rmdir ln rm mv touch id env tty stty kill"
    .split(" "),
  ..."head wc dd ps hostname mount umount seq trap test uname dirname basename cut sort tr date chmod".split(
    " ",
  ),
];

/** Fills a directory with a root filesystem. */
export function fillRootfs(path: string): void {
  for (const directory of ["bin", "proc", "dev", "sys", "tmp", "etc", "usr", "run"]) {
    Deno.mkdirSync(`${path}/${directory}`, { recursive: true });
  }
  // By another process: a child that this one begins meanwhile would have the file open for writing (ETXTBSY, man 2 execve).
  new Deno.Command("cp", { args: [BUSYBOX, `${path}/bin/busybox`] }).outputSync();
  Deno.chmodSync(`${path}/bin/busybox`, 0o755);
  for (const name of NAMES) Deno.symlinkSync("busybox", `${path}/bin/${name}`);
  Deno.writeTextFileSync(`${path}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
}

/** Makes a bundle whose process runs a script of its own shell. Its path. */
export function busyboxBundle(
  bench: Bench,
  name: string,
  script: string,
  change: (config: Config) => void = () => {},
): string {
  const path = `${bench.dir}/${name}`;
  fillRootfs(`${path}/rootfs`);
  const config = configOf(script);
  config.mounts = config.mounts.filter(({ destination }: Config) => destination !== "/usr");
  config.root.readonly = false;
  config.linux.cgroupsPath = `/${bench.dir.split("/").pop()}-${name}`;
  change(config);
  Deno.writeTextFileSync(`${path}/config.json`, JSON.stringify(config));
  return path;
}

/** Why limits cannot be looked up in the hierarchies of cgroup version 1; undefined if they can. */
export const WITHOUT_VERSION1 = exists("/sys/fs/cgroup/memory/memory.limit_in_bytes")
  ? undefined
  : "needs cgroups of version 1";

/** What a file of a process's cgroup says, in the hierarchy of a controller. */
export function limitOf(pid: string | number, controller: string, file: string): string {
  const places = Deno.readTextFileSync(`/proc/${pid}/cgroup`);
  const place = new RegExp(`:${controller}:(.*)`).exec(places)![1];
  return Deno.readTextFileSync(`/sys/fs/cgroup/${controller}${place}/${file}`).trim();
}
