/** Options of mounts (config.md#mounts, man 8 mount): which are attributes, which propagation, which the filesystem's. @module */
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../../fs/abi/mount.ts";

/** Attributes set and cleared, [set, clear]. */
const ATTRIBUTES: Readonly<Record<string, readonly [set: number, clear: number]>> = {
  ro: [MOUNT_ATTR_RDONLY, 0],
  rw: [0, MOUNT_ATTR_RDONLY],
  nosuid: [MOUNT_ATTR_NOSUID, 0],
  suid: [0, MOUNT_ATTR_NOSUID],
  nodev: [MOUNT_ATTR_NODEV, 0],
  dev: [0, MOUNT_ATTR_NODEV],
  noexec: [MOUNT_ATTR_NOEXEC, 0],
  exec: [0, MOUNT_ATTR_NOEXEC],
  noatime: [MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME],
  relatime: [0, MOUNT_ATTR__ATIME],
  atime: [0, MOUNT_ATTR__ATIME],
  norelatime: [0, MOUNT_ATTR__ATIME],
  strictatime: [MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME],
  nostrictatime: [0, MOUNT_ATTR__ATIME],
  nodiratime: [MOUNT_ATTR_NODIRATIME, 0],
  diratime: [0, MOUNT_ATTR_NODIRATIME],
  nosymfollow: [MOUNT_ATTR_NOSYMFOLLOW, 0],
  symfollow: [0, MOUNT_ATTR_NOSYMFOLLOW],
};

const PROPAGATION: Readonly<Record<string, number>> = {
  shared: MS_SHARED,
  slave: MS_SLAVE,
  private: MS_PRIVATE,
  unbindable: MS_UNBINDABLE,
};

/** Options of superblocks, which fsconfig(2) knows for every filesystem; a bind mount has none of its own. */
const SUPER: readonly string[] = ["async", "dirsync", "lazytime", "mand", "nolazytime", "nomand", "sync"];

/** Options that are for mount(8) only, or flags of mount(2) that no filesystem of today looks at. */
const WITHOUT_EFFECT: readonly string[] = [
  "acl",
  "defaults",
  "iversion",
  "loud",
  "noacl",
  "noiversion",
  "silent",
];

/** What is done with a mount beside its flags. */
const ACTIONS: readonly string[] = ["bind", "rbind", "remount", "tmpcopyup", "idmap", "ridmap"];

/** Options sorted by what they are. */
export interface MountOptions {
  /** A bind mount. */
  readonly bind: boolean;
  /** The options of a mount that is there are changed. */
  readonly remount: boolean;
  /** A new tmpfs has what it covers. */
  readonly copyUp: boolean;
  /** Ids are mapped; "r" for the mounts below too. */
  readonly idmap: "" | "idmap" | "ridmap";
  /** Options of the superblock, in order: those of fsconfig(2) for every filesystem, without ro and rw. */
  readonly superOptions: readonly string[];
  /** Of a bind mount: with the mounts below. */
  readonly recursive: boolean;
  /** MOUNT_ATTR_* to set on this mount. */
  readonly set: number;
  /** MOUNT_ATTR_* to clear on this mount, before `set`. */
  readonly clear: number;
  /** MOUNT_ATTR_* to set on this mount and those below ("rro"). */
  readonly recursiveSet: number;
  /** MOUNT_ATTR_* to clear on this mount and those below, before `recursiveSet`. */
  readonly recursiveClear: number;
  /** MS_* propagation types to be set in order, each with whether it is recursive. */
  readonly propagation: readonly (readonly [type: number, recursive: boolean])[];
  /** What the filesystem is told. */
  readonly data: readonly string[];
}

/** Names of all options that are not the filesystem's (features.md#mount-options). */
export function mountOptionNames(): string[] {
  const recursive = (names: readonly string[]): string[] => names.map((name) => `r${name}`);
  const attributes = Object.keys(ATTRIBUTES), propagations = Object.keys(PROPAGATION);
  return [
    ...[...ACTIONS, ...SUPER, ...WITHOUT_EFFECT, ...attributes, ...recursive(attributes)],
    ...[...propagations, ...recursive(propagations)],
  ].sort();
}

/** Propagation by name: "rprivate" → [MS_PRIVATE, true]. */
export function propagationOf(name: string): readonly [type: number, recursive: boolean] | undefined {
  const own = PROPAGATION[name];
  if (own !== undefined) return [own, false];
  const recursive = name.startsWith("r") ? PROPAGATION[name.slice(1)] : undefined;
  return recursive === undefined ? undefined : [recursive, true];
}

/** Sorts options. Names that are not known are the filesystem's. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let bind = false, recursive = false, remount = false, copyUp = false;
  let idmap: MountOptions["idmap"] = "";
  const superOptions: string[] = [];
  let set = 0, clear = 0, recursiveSet = 0, recursiveClear = 0;
  const propagation: (readonly [number, boolean])[] = [];
  const data: string[] = [];
  for (const option of options) {
    const own = ATTRIBUTES[option];
    const below = option.startsWith("r") ? ATTRIBUTES[option.slice(1)] : undefined;
    const spread = propagationOf(option);
    if (option === "bind" || option === "rbind") {
      bind = true;
      recursive ||= option === "rbind";
    } else if (option === "remount") remount = true;
    else if (option === "tmpcopyup") copyUp = true;
    else if (option === "idmap" || option === "ridmap") idmap = option;
    else if (SUPER.includes(option)) superOptions.push(option);
    else if (own !== undefined) {
      set = set & ~own[1] | own[0];
      clear |= own[1];
    } else if (spread !== undefined) propagation.push(spread);
    else if (below !== undefined) {
      recursiveSet = recursiveSet & ~below[1] | below[0];
      recursiveClear |= below[1];
    } else if (!WITHOUT_EFFECT.includes(option)) data.push(option);
  }
  return {
    ...{ bind, recursive, remount, copyUp, idmap, superOptions },
    ...{ set, clear, recursiveSet, recursiveClear, propagation, data },
  };
}
