/** Device nodes and the links every container has (config-linux.md#default-devices, #dev-symbolic-links). @module */
import { makedev } from "../../fs/abi/device.ts";
import { EEXIST } from "../../fs/abi/errno.ts";
import { S_IFBLK, S_IFCHR, S_IFIFO } from "../../fs/abi/mode.ts";
import type { DeviceSpec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import type { Ref } from "./types.ts";

const device = (path: string, major: number, minor: number): DeviceSpec => ({
  ...{ type: "c", path, major, minor, fileMode: 0o666, uid: 0, gid: 0 },
});

/** Devices the runtime MUST supply. */
const DEFAULTS: readonly DeviceSpec[] = [
  device("/dev/null", 1, 3),
  device("/dev/zero", 1, 5),
  device("/dev/full", 1, 7),
  device("/dev/random", 1, 8),
  device("/dev/urandom", 1, 9),
  device("/dev/tty", 5, 0),
];

const LINKS: readonly (readonly [target: string, path: string])[] = [
  ["/proc/self/fd", "fd"],
  ["/proc/self/fd/0", "stdin"],
  ["/proc/self/fd/1", "stdout"],
  ["/proc/self/fd/2", "stderr"],
  ["pts/ptmx", "ptmx"],
];

const TYPES: Readonly<Record<string, number>> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

/** Makes the nodes of `devices` and those that are always there, and the links. */
export function compileDevices(
  b: ProgramBuilder,
  root: Ref,
  devices: readonly DeviceSpec[],
  terminal: boolean,
): void {
  const own = new Set(devices.map((each) => each.path));
  const all = [...DEFAULTS.filter((each) => !own.has(each.path)), ...devices];
  if (terminal && !own.has("/dev/console")) all.push({ ...device("/dev/console", 5, 1), fileMode: 0o600 });
  const dev = b.directory(root, "dev", "making devices");
  for (const each of all) {
    const what = `making device ${each.path}`;
    const slash = each.path.lastIndexOf("/");
    const dir = each.path.slice(0, slash) === "/dev"
      ? dev
      : b.directory(root, each.path.slice(1, slash), what);
    const name = each.path.slice(slash + 1);
    const mode = TYPES[each.type]! | each.fileMode;
    b.call("mknodat", [dir, name, mode, makedev(each.major, each.minor)], what, {
      ok: [EEXIST],
      spec: own.has(each.path) ? "config-linux.md#devices" : "config-linux.md#default-devices",
    });
    if (each.uid !== 0 || each.gid !== 0) b.call("fchownat", [dir, name, each.uid, each.gid, 0], what);
  }
  for (const [target, path] of LINKS) {
    b.call("symlinkat", [target, dev, path], `linking /dev/${path}`, {
      ok: [EEXIST],
      spec: "config-linux.md#dev-symbolic-links",
    });
  }
  b.call("close", [dev], "making devices");
}
