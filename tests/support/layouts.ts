/** Layouts made by hand, so that every tool judges them, and other tools. @module */
import assert from "node:assert/strict";
import type { ImageLayer } from "../../image/source.ts";

/** Bytes as text. */
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Text as bytes. */
export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Runs a tool, which must succeed; gives its output. */
export async function run(cwd: string, ...command: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, { args: command.slice(1), cwd })
    .output();
  assert.ok(success, `${command.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}

/** Hexadecimal sha256 of bytes. */
export async function sha256(content: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Writes a layout with an image of these layers, called v1. */
export async function layoutOf(
  path: string,
  layers: readonly ImageLayer[],
  config: Record<string, unknown> = {},
  architecture = "amd64",
): Promise<void> {
  await Deno.mkdir(`${path}/blobs/sha256`, { recursive: true });
  const put = async (content: Uint8Array, mediaType: string): Promise<Record<string, unknown>> => {
    const hex = await sha256(content);
    await Deno.writeFile(`${path}/blobs/sha256/${hex}`, content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const blobs: Record<string, unknown>[] = [];
  for (const layer of layers) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of layer.open()) chunks.push(chunk);
    blobs.push(
      await put(
        new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()),
        layer.descriptor.mediaType,
      ),
    );
  }
  const document = {
    ...{ architecture, os: "linux", config },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  };
  const configBlob = await put(bytes(JSON.stringify(document)), "application/vnd.oci.image.config.v1+json");
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: configBlob,
    layers: blobs,
  };
  const entry = await put(bytes(JSON.stringify(manifest)), "application/vnd.oci.image.manifest.v1+json");
  const annotations = { "org.opencontainers.image.ref.name": "v1" };
  await Deno.writeTextFile(
    `${path}/index.json`,
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, annotations }] }),
  );
  await Deno.writeTextFile(`${path}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
}
