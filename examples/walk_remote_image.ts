/**
 * Lists the files of an image in a registry. Its layers are read once and checked; only their indexes are kept, no content, in memory or on
 * a disk.
 */
import { copyImage, loadImage, openSource, parsePlatform, parseReference, walkFiles } from "../image/mod.ts";
import { Registry, RegistrySink, RegistrySource } from "../image/registry/mod.ts";
import { serveRegistry } from "../image/registry/server/mod.ts";
import { pack } from "../mod.ts";

const directory = await Deno.makeTempDir({ prefix: "umiak-example-" });
const server = await serveRegistry({ hostname: "127.0.0.1", port: 0, root: `${directory}/registry` });
try {
  await Deno.mkdir(`${directory}/etc`);
  await Deno.writeTextFile(`${directory}/etc/motd`, "welcome\n");
  await pack({
    module: new URL("../tests/guests/hello.wasm", import.meta.url).pathname,
    files: [{ host: `${directory}/etc`, container: "/etc" }],
    directory: `${directory}/image`,
    tag: "v1",
  });
  const repository = new Registry(new URL(server.url).host).repository("team/hello");
  const { source, imageName } = await openSource(parseReference(`oci:${directory}/image:v1`));
  await copyImage(source, imageName, new RegistrySink(repository), "v1");
  source.close();

  const image = await loadImage(new RegistrySource(repository), "v1", {
    platforms: [parsePlatform("wasi/wasm")],
  });
  for await (const { path, size } of walkFiles(image)) console.log(path, size);
  image.close();
} finally {
  await server.shutdown();
  await Deno.remove(directory, { recursive: true });
}
