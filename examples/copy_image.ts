/** Copies an image from a layout into an archive and into a store, and looks at what arrived: digests stay what they are. @module */
import { copyImage, LayoutSink, LayoutSource, loadImage, OciArchiveSink, Store } from "../image/mod.ts";
import { ArchiveTree, DirectoryTree, packModule, writeLayout } from "../image/mod.ts";

const directory = await Deno.makeTempDir();
try {
  const module = new URL("../tests/guests/hello.wasm", import.meta.url).pathname;
  await writeLayout(`${directory}/layout`, await packModule({ module }), "hello");
  const layout = new LayoutSource(new DirectoryTree(`${directory}/layout`));
  for (
    const sink of [
      new OciArchiveSink(`${directory}/hello.tar`),
      new LayoutSink(`${directory}/copy`),
      await Store.open(`${directory}/store`),
    ]
  ) {
    const { descriptor } = await copyImage(layout, "hello", sink, "hello");
    console.log(descriptor.mediaType, descriptor.size);
    sink.close();
  }
  const archive = new LayoutSource(await ArchiveTree.open(`${directory}/hello.tar`));
  const wanted = { platforms: [{ os: "wasi", architecture: "wasm" }] };
  const image = await loadImage(archive, "hello", wanted);
  console.log(image.digest === (await layout.resolve("hello"))[0]?.digest, image.config.config.Entrypoint);
  image.close();
} finally {
  await Deno.remove(directory, { recursive: true });
}
