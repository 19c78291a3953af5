/** Whether an overlay can be mounted as containers have it. @module */
import { FSCONFIG_CMD_CREATE, FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING } from "../../../fs/abi/mount.ts";
import type { NativeStep } from "../table/types.ts";
import { ref } from "../table/types.ts";
import { tryInChild } from "./child.ts";
import type { Failure } from "./facts.ts";

const what = "mounting an overlay";
const escaped = (path: string): string => path.replace(/[\\:]/g, "\\$&");

/** Opens directories that the kernel has made for nobody to read, below the owner's own. */
function open(directory: string): void {
  Deno.chmodSync(directory, 0o700);
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    if (isDirectory) open(`${directory}/${name}`);
  }
}

function removeAll(directory: string): void {
  open(directory);
  Deno.removeSync(directory, { recursive: true });
}

/** Tries it in a new directory inside `directory`, where nothing is left. The mount is nowhere, and goes with the child. */
export function tryOverlay(first: readonly NativeStep[], directory: string, rootless: boolean): Failure {
  const path = Deno.makeTempDirSync({ dir: directory, prefix: "umiak-doctor-" });
  try {
    const [lower, upper, work] = ["lower", "upper", "work"].map((name) => {
      Deno.mkdirSync(`${path}/${name}`, { mode: 0o755 });
      return `${path}/${name}`;
    }) as [string, string, string];
    const set = (key: string, value: string): NativeStep => ({
      call: "fsconfig",
      args: [ref("overlay"), FSCONFIG_SET_STRING, key, value, 0],
      what,
    });
    const flag = (key: string): NativeStep => ({
      call: "fsconfig",
      args: [ref("overlay"), FSCONFIG_SET_FLAG, key, null, 0],
      what,
    });
    return tryInChild([
      ...first,
      { call: "fsopen", args: ["overlay", 0], what, result: "overlay" },
      set("lowerdir", escaped(lower)),
      set("upperdir", upper),
      set("workdir", work),
      flag("volatile"),
      ...rootless ? [flag("userxattr")] : [],
      { call: "fsconfig", args: [ref("overlay"), FSCONFIG_CMD_CREATE, null, null, 0], what },
      { call: "fsmount", args: [ref("overlay"), 0, 0], what },
    ], path);
  } finally {
    removeAll(path);
  }
}
