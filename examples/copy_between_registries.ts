/** Copies an image from one registry to another, byte for byte. Both registries are in this process, each in a directory of its own. */
import { copyImage, openSource, parseReference } from "../image/mod.ts";
import { Registry, RegistrySink, RegistrySource } from "../image/registry/mod.ts";
import { serveRegistry } from "../image/registry/server/mod.ts";
import { pack } from "../mod.ts";

const directory = await Deno.makeTempDir({ prefix: "umiak-example-" });
const listen = { hostname: "127.0.0.1", port: 0 };
const first = await serveRegistry({ ...listen, root: `${directory}/first` });
const second = await serveRegistry({ ...listen, root: `${directory}/second` });
try {
  const module = new URL("../tests/guests/hello.wasm", import.meta.url).pathname;
  await pack({ module, directory: `${directory}/image`, tag: "v1" });
  const repository = (url: string) => new Registry(new URL(url).host).repository("team/hello");

  // From a layout on the disk to the first registry …
  const { source, imageName } = await openSource(parseReference(`oci:${directory}/image:v1`));
  await copyImage(source, imageName, new RegistrySink(repository(first.url)), "v1");
  source.close();

  // … and from there to the second.
  const { descriptor, manifests } = await copyImage(
    new RegistrySource(repository(first.url)),
    "v1",
    new RegistrySink(repository(second.url)),
    "latest",
    { signal: AbortSignal.timeout(60_000) },
  );
  const [there] = await new RegistrySource(repository(second.url)).resolve("latest");
  console.log(manifests.length, there?.digest === descriptor.digest);
} finally {
  await first.shutdown();
  await second.shutdown();
  await Deno.remove(directory, { recursive: true });
}
