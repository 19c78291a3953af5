/** `umiak-runtime`, and what its verbs load together: one file each of the bundle. @module */
import { main } from "../../../cli/runtime/main.ts";

/** For the bundler only: nothing loads them by these names. */
export const groups = [
  () => import("./groups/group_create.ts"),
  () => import("./groups/group_end.ts"),
  () => import("./groups/group_exec.ts"),
  () => import("./groups/group_freeze.ts"),
  () => import("./groups/group_native.ts"),
  () => import("./groups/group_print.ts"),
  () => import("./groups/group_processes.ts"),
  () => import("./groups/group_start.ts"),
  () => import("./groups/group_stats.ts"),
  () => import("./groups/group_update.ts"),
];

if (import.meta.main) Deno.exit(await main(Deno.args));
