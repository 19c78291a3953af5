/** Puts a layer on top of an image and changes its configuration. Images do not change: each function gives a new one. */
import {
  appendLayer,
  editConfig,
  LayoutSink,
  memoryLayer,
  openImage,
  parseReference,
  writeImage,
} from "../image/mod.ts";
import { pack } from "../mod.ts";

const directory = await Deno.makeTempDir({ prefix: "umiak-example-" });
try {
  const module = new URL("../tests/guests/hello.wasm", import.meta.url).pathname;
  await pack({ module, directory: `${directory}/image`, tag: "v1" });
  const image = await openImage(parseReference(`oci:${directory}/image:v1`));

  const content = new TextEncoder().encode("welcome\n");
  const layer = await memoryLayer([{ name: "etc/motd", type: "file", mode: 0o644, content }]);
  const appended = appendLayer(image, layer, { createdBy: "motd" });
  const edited = editConfig(appended, { env: { set: { GREETING: "hi" } }, user: "1000" });

  const sink = new LayoutSink(`${directory}/image`);
  await writeImage(edited, sink, "v2");
  await sink.commit();
  sink.close();
  edited.close(); // and with it the image it was made of

  const written = await openImage(parseReference(`oci:${directory}/image:v2`));
  console.log(written.layers.length, written.config.config.Env, written.config.history.at(-1)?.created_by);
  console.log(written.layers[0]!.descriptor.digest === image.layers[0]!.descriptor.digest);
  written.close();
} finally {
  await Deno.remove(directory, { recursive: true });
}
