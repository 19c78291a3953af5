/** Device nodes and the links every container has (config-linux.md#default-devices, #dev-symbolic-links). @module */
import { makedev } from "../../fs/abi/device.ts";
import { EEXIST } from "../../fs/abi/errno.ts";
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG } from "../../fs/abi/mode.ts";
import { MOVE_MOUNT_F_EMPTY_PATH, OPEN_TREE_CLONE } from "../../fs/abi/mount.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_CLOEXEC } from "../../fs/abi/open.ts";
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

/** A node, or in a user namespace, where nobody may make one, the node that the runtime has at that path (man 2 mknod, EPERM). */
function compileNode(
  b: ProgramBuilder,
  dir: Ref,
  name: string,
  each: DeviceSpec,
  options: NodeOptions,
): void {
  const { what, spec, bind } = options;
  if (!bind || each.type === "p") {
    const mode = TYPES[each.type]! | each.fileMode;
    // What the image has by the name of a default device gives way; what is mounted there, or cannot be removed, stays.
    if (!options.listed) b.call("unlinkat", [dir, name, 0], what, { onError: "ignore" });
    b.call("mknodat", [dir, name, mode, makedev(each.major, each.minor)], what, { ok: [EEXIST], spec });
    if (options.listed) {
      const wanted = { st_fmt: TYPES[each.type]!, st_rdev: makedev(each.major, each.minor) };
      b.call("newfstatat", [dir, name, wanted, AT_SYMLINK_NOFOLLOW], what, { spec });
    }
    if (each.uid !== 0 || each.gid !== 0) {
      // Whoever shares the directory may put a link there meanwhile, and the root is still the host's.
      b.call("fchownat", [dir, name, each.uid, each.gid, AT_SYMLINK_NOFOLLOW], what);
    }
    return;
  }
  b.call("mknodat", [dir, name, S_IFREG | 0o666, 0], what, { ok: [EEXIST], spec });
  if (options.covered) return;
  const flags = OPEN_TREE_CLONE | O_CLOEXEC;
  const node = b.call("open_tree", [AT_FDCWD, each.path, flags], what, { keep: "dev" });
  b.call("move_mount", [node, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH], what);
  b.call("close", [node], what);
}

interface NodeOptions {
  readonly what: string;
  readonly spec: string;
  readonly bind: boolean;
  /** It is in the configuration: something else in its place is an error. */
  readonly listed: boolean;
  /** The terminal will be mounted on it: what could be uncovered must not be the host's. */
  readonly covered: boolean;
}

/** Makes the nodes of `devices` and those that are always there, and the links. `bind`: it is done in a user namespace. */
export function compileDevices(
  b: ProgramBuilder,
  root: Ref,
  devices: readonly DeviceSpec[],
  terminal: boolean,
  bind = false,
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
    const listed = own.has(each.path);
    const spec = listed ? "config-linux.md#devices" : "config-linux.md#default-devices";
    const covered = terminal && each.path === "/dev/console";
    compileNode(b, dir, name, each, { what, spec, bind, listed, covered });
  }
  for (const [target, path] of LINKS) {
    b.call("symlinkat", [target, dev, path], `linking /dev/${path}`, {
      ok: [EEXIST],
      spec: "config-linux.md#dev-symbolic-links",
    });
  }
  b.call("close", [dev], "making devices");
}
