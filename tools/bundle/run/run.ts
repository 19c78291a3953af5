/** `umiak run` with what every program on the userland kernel needs: one file of the bundle. @module */
import "../../../fs/layerfs/mod.ts";
import "../../../image/store/wasm_file.ts";
import "../../../runtime/engine/native/choose_image.ts";
import "../../../runtime/engine/root_filesystem.ts";
import "../../../runtime/engine/run.ts";

export { run } from "../../../cli/commands/run.ts";

/** For the bundler only: nothing loads it by this name. */
export const groups = [() => import("./groups/group_native.ts")];
