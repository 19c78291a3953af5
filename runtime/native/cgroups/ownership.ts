/** A cgroup of version 2 that becomes the container user's own (config-linux.md#cgroup-ownership). @module */
import { userOfCgroup } from "../../program/compile_cgroup.ts";
import type { Spec } from "../../spec/types.ts";
import { readFile } from "./files.ts";

/** Where there is no list of the kernel's. */
const FILES = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";

/** Gives a cgroup away if the configuration asks for it. */
export function giveAway(directory: string, spec: Spec): void {
  const uid = userOfCgroup(spec);
  if (uid === undefined) return;
  Deno.chownSync(directory, uid, null);
  for (const name of (readFile("/sys/kernel/cgroup/delegate") ?? FILES).split("\n")) {
    try {
      Deno.chownSync(`${directory}/${name}`, uid, null);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
