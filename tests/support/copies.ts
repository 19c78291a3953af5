/** Images, layouts and tools for tests of copies. @module */
import assert from "node:assert/strict";
import { copyImage } from "../../image/copy.ts";
import { sha256 } from "../../image/digest.ts";
import { noise } from "../../image/registry/testing/served.ts";
import { parseReference } from "../../image/reference.ts";
import type { Image } from "../../image/source.ts";
import { LayoutSink } from "../../image/store/layout_sink.ts";
import { openImage } from "../../image/store/open_image.ts";
import { openSource } from "../../image/store/open_source.ts";
import { bytesOf, memoryImage } from "../../image/testing/memory_image.ts";
import { MemorySource } from "../../image/testing/memory_source.ts";

/** The platform of the machine. */
export const host = { os: "linux", architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64" };

/** An image of two layers: one that all have, one of its own. */
export function image(seed: number, architecture = host.architecture): Promise<Image> {
  const file = (name: string, content: Uint8Array) => ({ name, type: "file" as const, mode: 0o644, content });
  return memoryImage([[file("base", noise(20_000, 99))], [file("own", noise(5000, seed))]], {
    config: { architecture },
  });
}

/** A layout with an index of two platforms under "multi" and the host's image under "one". */
export async function makeLayout(directory: string): Promise<{ index: string; manifests: string[] }> {
  const memory = new MemorySource();
  const own = await memory.image(await image(1), "one");
  const other = await memory.image(await image(2, "s390x"));
  const index = memory.index([
    { ...own, platform: host },
    { ...other, platform: { os: "linux", architecture: "s390x" } },
  ], "multi");
  const sink = new LayoutSink(directory);
  for (const name of ["one", "multi"]) await copyImage(memory, name, sink, name);
  return { index: index.digest, manifests: [own.digest, other.digest] };
}

/** The digest that a reference means, and the bytes of its image's layers. */
export async function contentOf(
  reference: string,
  storeRoot: string,
): Promise<[digest: string, layers: string[]]> {
  const options = { storeRoot };
  const { source, imageName } = await openSource(parseReference(reference), options);
  const [descriptor] = await source.resolve(imageName);
  source.close();
  const opened = await openImage(parseReference(reference), options);
  try {
    const layers: string[] = [];
    for (const layer of opened.layers) layers.push(sha256(await bytesOf(layer.open())));
    return [descriptor!.digest, layers];
  } finally {
    opened.close();
  }
}

/** Runs a tool to its good end. Its output. */
export async function tool(...command: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, { args: command.slice(1) })
    .output();
  assert.ok(success, `${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** skopeo, that trusts everybody. */
export const skopeo = (...args: string[]): Promise<string> => tool("skopeo", "--insecure-policy", ...args);
