/**
 * A root filesystem that is an overlay of the kernel's: the first mount of a configuration, on "/" (config.md#mounts says that mounts are made
 * in order; nothing is there before it). Its options are overlayfs(5)'s own, so that what an engine wants stays data.
 * @module
 */
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  MOVE_MOUNT_F_EMPTY_PATH,
} from "../../fs/abi/mount.ts";
import { AT_FDCWD, O_CLOEXEC } from "../../fs/abi/open.ts";
import type { MountSpec, Spec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { parseMountOptions } from "./mount_options.ts";
import type { Ref } from "./types.ts";

const CLOEXEC = 1;
const LOWER = "lowerdir=";
/** The flags that are the same numbers for mount(2) and fsmount(2): ro, nosuid, nodev and noexec. */
const SAME = 0xf;

/** The mount that is the root filesystem itself, and those that are made in it. */
export function splitRoot(
  spec: Spec,
): { readonly overlay?: MountSpec; readonly mounts: readonly MountSpec[] } {
  const [first, ...mounts] = spec.mounts;
  return first !== undefined && first.type === "overlay" && /^\/+$/.test(first.destination)
    ? { overlay: first, mounts }
    : { mounts: spec.mounts };
}

/** Directories of a lowerdir option, the topmost first: ":" is between them, "\\" before one that is part of a name. */
function lowerDirectories(value: string): string[] {
  const found = value.match(/(?:\\.|[^:\\])+/g) ?? [];
  return found.map((each) => each.replace(/\\(.)/g, "$1"));
}

/** The directory that all of them lie in, and their names there, if that makes them shorter. */
function shortNames(
  paths: readonly string[],
): { readonly directory: string; readonly names: readonly string[] } {
  const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
  const directory = directoryOf(paths[0] ?? "/");
  return paths.every((path) => path.startsWith("/") && directoryOf(path) === directory)
    ? { directory, names: paths.map((path) => path.slice(path.lastIndexOf("/") + 1)) }
    : { directory: "/", names: paths };
}

const escaped = (name: string): string => name.replace(/[\\:,]/g, "\\$&");

/**
 * Mounts it at `rootfs`, and gives its descriptor. Every layer is handed over by itself: together they may be longer than the 255 bytes of a
 * value, or the page that mount(2) takes. Kernels before 6.8 do not know that; for them it is mount(2) after all, with names as short as can be.
 */
export function compileOverlayRoot(b: ProgramBuilder, overlay: MountSpec, rootfs: string): Ref {
  const what = `mounting the overlay of layers on ${rootfs}`;
  const options = parseMountOptions(overlay.options);
  const lower = options.data.filter((option) => option.startsWith(LOWER)).flatMap((option) =>
    lowerDirectories(option.slice(LOWER.length))
  );
  const rest = [...options.superOptions, ...options.data.filter((option) => !option.startsWith(LOWER))];
  const whole = b.newLabel("whole"), done = b.newLabel("overlay");
  const rule = { spec: "config.md#mounts" };
  const context = b.call("fsopen", ["overlay", CLOEXEC], what, { keep: "fs", ...rule });
  b.call("fsconfig", [context, FSCONFIG_SET_STRING, "source", overlay.source || "overlay", 0], what);
  for (const directory of lower) {
    b.call("fsconfig", [context, FSCONFIG_SET_STRING, "lowerdir+", directory, 0], what, { onError: whole });
  }
  for (const option of rest) {
    const at = option.indexOf("="), doing = `${what}: option ${option}`;
    if (at < 0) b.call("fsconfig", [context, FSCONFIG_SET_FLAG, option, null, 0], doing, { onError: whole });
    else {
      const value = option.slice(at + 1);
      b.call("fsconfig", [context, FSCONFIG_SET_STRING, option.slice(0, at), value, 0], doing, {
        onError: whole,
      });
    }
  }
  b.call("fsconfig", [context, FSCONFIG_CMD_CREATE, null, null, 0], what, { onError: whole });
  const root = b.call("fsmount", [context, CLOEXEC, options.set], what, { keep: "root" });
  b.call("move_mount", [root, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH], what);
  b.jump(done);
  b.label(whole);
  const { directory, names } = shortNames(lower);
  const data = [`${LOWER}${names.map(escaped).join(":")}`, ...rest.map((each) => each.replace(/,/g, "\\,"))];
  b.call("chdir", [directory], `${what}: entering ${directory}`);
  b.call(
    "mount",
    [overlay.source || "overlay", rootfs, "overlay", options.set & SAME, data.join(",")],
    what,
    rule,
  );
  b.call("chdir", ["/"], what);
  b.steps.push({ call: "open_tree", args: [AT_FDCWD, rootfs, O_CLOEXEC], result: root.ref, what });
  b.label(done);
  b.call("close", [context], what);
  return root;
}
