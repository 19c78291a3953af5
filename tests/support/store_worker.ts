/**
 * A process that works in a store until it is killed: `store_worker.ts MODE ROOT LAYOUT`. It says "ready" when it begins. MODE `pull` brings
 * images of the layout, under names of its own; `tag` tags and removes them; `gc` collects.
 * @module
 */
import { copyImage } from "../../image/copy.ts";
import { MissingContentError } from "../../image/content.ts";
import { LayoutSource } from "../../image/layout.ts";
import { DirectoryTree } from "../../image/store/host_tree.ts";
import { Store } from "../../image/store/store.ts";
import { collectGarbage } from "../../image/store/store_gc.ts";

const [mode = "", root = "", layout = ""] = Deno.args;
const source = new LayoutSource(new DirectoryTree(layout));
const names = await Array.fromAsync(source.names());
const any = (): string => names[Math.floor(Math.random() * names.length)]!;

async function step(store: Store): Promise<void> {
  if (mode === "pull") {
    const name = any();
    await copyImage(source, name, store, `pulled:${name}`);
    return;
  }
  if (mode === "gc") {
    await collectGarbage(store);
    return;
  }
  try {
    const name = any();
    await store.tag(`pulled:${name}`, `tagged:${name}`);
    await store.remove(`pulled:${name}`);
    if (Math.random() < 0.5) await store.remove(`tagged:${name}`);
  } catch (error) {
    if (!(error instanceof MissingContentError)) throw error; // another process has been faster
  }
}

console.log("ready");
for (;;) {
  const store = await Store.open(root, { prepareLayers: true });
  await step(store);
  store.close();
}
