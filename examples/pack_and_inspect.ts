/** Makes an image of a module and a directory of files, describes it, and lists what its containers will see. @module */
import { forEachFile, inspect, pack } from "../mod.ts";

const directory = await Deno.makeTempDir({ prefix: "umiak-example-" });
try {
  await Deno.mkdir(`${directory}/etc`);
  await Deno.writeTextFile(`${directory}/etc/motd`, "welcome\n");
  const digest = await pack({
    module: new URL("../tests/guests/hello.wasm", import.meta.url).pathname,
    files: [{ host: `${directory}/etc`, container: "/etc" }],
    directory: `${directory}/image`,
    tag: "v1",
  });
  const reference = `oci:${directory}/image:v1`;
  const description = await inspect(reference);
  console.log(digest === description.Digest, description.Os, description.Architecture);
  Deno.env.set("UMIAK_ROOT", `${directory}/store`);
  await forEachFile(reference, undefined, (file) => console.log(file.path));
} finally {
  await Deno.remove(directory, { recursive: true });
}
