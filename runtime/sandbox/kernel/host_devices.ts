/**
 * /dev of the initial namespace: nodes that a container in a user namespace, which cannot make its own, binds (man 7 user_namespaces:
 * mknod is refused there).
 * @module
 */
import { makedev } from "../../../fs/abi/device.ts";
import { S_IFCHR } from "../../../fs/abi/mode.ts";
import { TmpfsSuper } from "../../../fs/tmpfs/mod.ts";

/** Names and numbers (config-linux.md#default-devices), and the console. */
const NODES: readonly (readonly [name: string, major: number, minor: number, mode: number])[] = [
  ["null", 1, 3, 0o666],
  ["zero", 1, 5, 0o666],
  ["full", 1, 7, 0o666],
  ["random", 1, 8, 0o666],
  ["urandom", 1, 9, 0o666],
  ["tty", 5, 0, 0o666],
  ["console", 5, 1, 0o600],
];

/** A filesystem with the nodes. */
export function hostDevices(): TmpfsSuper {
  const sb = new TmpfsSuper({ mode: 0o755 });
  for (const [name, major, minor, mode] of NODES) {
    sb.root.create(name, S_IFCHR | mode, 0, 0, makedev(major, minor));
  }
  return sb;
}
