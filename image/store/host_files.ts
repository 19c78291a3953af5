/** Trees of the host as files of a layer. @module */
import type { LayerFile } from "../wasm/module_image.ts";

/** The name in a layer of a path in a container. Throws for what cannot be one, or would be a whiteout (layer.md#whiteouts). */
export function layerName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const bad = (why: string): Error => new Error(`path ${JSON.stringify(path)} in the image: ${why}`);
  if (parts.includes("..")) throw bad('".." is not possible here');
  if (path.includes("\0")) throw bad("it contains a NUL character");
  if (parts.some((part) => part.startsWith(".wh."))) throw bad('names that begin with ".wh." mark deletions');
  return parts.join("/");
}

/** The last name of a host path. */
export function baseName(path: string): string {
  const separators = Deno.build.os === "windows" ? /[\\/]+/ : /\/+/;
  return path.split(separators).filter((part) => part !== "").at(-1) ?? "";
}

function hostError(path: string, error: unknown): Error {
  const why = error instanceof Deno.errors.NotFound ? "no such file or directory" : (error as Error).message;
  return new Error(`reading ${path}: ${why}`, { cause: error });
}

async function* walk(
  host: string,
  name: string,
  info: Deno.FileInfo,
  mtimeSec: number,
): AsyncGenerator<LayerFile> {
  // Windows knows no mode. Owners are the image's affair, not the host's: root.
  const mode = (info.mode ?? (info.isDirectory ? 0o755 : 0o644)) & 0o7777;
  const common = { name, mtimeSec };
  if (info.isSymlink) yield { ...common, type: "symlink", mode: 0o777, linkname: await Deno.readLink(host) };
  else if (info.isFile) yield { ...common, type: "file", mode, content: await Deno.readFile(host) };
  else if (info.isDirectory) {
    if (name !== "") yield { ...common, type: "dir", mode };
    const names: string[] = [];
    for await (const entry of Deno.readDir(host)) names.push(entry.name);
    for (const each of names.sort()) {
      const path = `${host}/${each}`;
      yield* walk(path, layerName(`${name}/${each}`), await Deno.lstat(path), mtimeSec);
    }
  } else throw new Error("neither a file, a directory nor a symbolic link");
}

/**
 * A file or a directory of the host, with all below it, at a path of an image; a file goes into a path that ends in a slash. Links
 * below it stay links. Every file gets the time `mtimeSec` (seconds) and belongs to root. Throws if something cannot be read.
 */
export async function hostFiles(host: string, container: string, mtimeSec: number): Promise<LayerFile[]> {
  const files: LayerFile[] = [];
  try {
    const info = await Deno.stat(host);
    const inside = info.isFile && (container.endsWith("/") || layerName(container) === "");
    const name = layerName(inside ? `${container}/${baseName(host)}` : container);
    for await (const file of walk(host, name, info, mtimeSec)) files.push(file);
  } catch (error) {
    throw hostError(host, error);
  }
  return files;
}
