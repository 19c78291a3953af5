/** Makes, starts and deletes a container again and again, until somebody kills it. Arguments: a state directory, a bundle. @module */
import { deleteContainer } from "../../runtime/lifecycle/delete.ts";
import { start } from "../../runtime/lifecycle/start.ts";
import { createFrom, nativeContext, readBundle } from "./in_process.ts";

const [root = "", path = ""] = Deno.args;
const context = nativeContext(root), bundle = readBundle(path);
for (;;) {
  await createFrom(context, bundle, "c");
  await start(context, "c");
  await deleteContainer(context, "c", { force: true });
}
