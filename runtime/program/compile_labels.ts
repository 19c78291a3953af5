/** The SELinux context of mounts (config-linux.md#mount-label), where runc has it. @module */
import { O_CLOEXEC, O_DIRECTORY, O_RDONLY } from "../../fs/abi/open.ts";
import type { MountSpec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import type { Ref } from "./types.ts";

/** Filesystems whose files have labels of their own. */
const LABELLED: readonly string[] = ["proc", "sysfs", "mqueue", "cgroup", "cgroup2", "bind"];

/** The option by which a new filesystem has one context for all of its files (man 8 mount). */
export const contextOptions = (label: string | undefined): string[] => label ? [`context=${label}`] : [];

/** A mount with the label, if it is a new filesystem that can have it and nobody has said otherwise. */
export function withMountLabel(mount: MountSpec, label: string | undefined): MountSpec {
  const { type, options } = mount;
  const other = ["bind", "rbind", "remount"].some((option) => options.includes(option)) ||
    options.some((option) => option.includes("context="));
  if (!label || LABELLED.includes(type) || other) return mount;
  return { ...mount, options: [...options, ...contextOptions(label)] };
}

/** Labels the root of a queue filesystem, which takes no context: by the attribute of its directory. */
export function labelQueues(b: ProgramBuilder, tree: Ref, label: string, what: string): void {
  const how = { flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC, mode: 0, resolve: 0 };
  const fd = b.call("openat2", [tree, ".", how], what, { keep: "fd" });
  b.call("fsetxattr", [fd, "security.selinux", label], `${what}: labelling it`, {
    spec: "config-linux.md#mount-label",
  });
  b.call("close", [fd], what);
}
