/** What a user writes to name an image. @module */

/** Where an image is. */
export interface ImageReference {
  /**
   * How it is kept. `docker`: in a registry; `store`: in umiak's own; `auto`: a path if there is such a file or directory, else a name in
   * the store, else one in a registry.
   */
  readonly transport: "oci" | "oci-archive" | "docker-archive" | "docker" | "store" | "auto";
  /** Path of the directory or file; the whole name for `docker` and `store`. */
  readonly path: string;
  /** Which image in it. */
  readonly tag?: string;
}

const TRANSPORT = /^(oci|oci-archive|docker-archive|store):|^(docker):\/\//;

/** Splits a trailing `:TAG` off a path; a Windows drive letter's colon is none. */
function splitTag(text: string): [path: string, tag: string | undefined] {
  const at = text.indexOf(":", /^[A-Za-z]:[\\/]/.test(text) ? 2 : 0);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Reads `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME]`, `docker://[HOST/]NAME[:TAG][@DIGEST]`, `store:NAME`, or a
 * path or name without any of these. Throws on an empty path, name or tag.
 */
export function parseReference(text: string): ImageReference {
  const match = TRANSPORT.exec(text);
  if (match === null) {
    if (text === "") throw new Error("image reference: it is empty");
    return { transport: "auto", path: text };
  }
  const transport = (match[1] ?? match[2]) as Exclude<ImageReference["transport"], "auto">;
  const rest = text.slice(match[0].length);
  if (transport === "docker" || transport === "store") {
    if (rest === "") throw new Error(`image reference ${JSON.stringify(text)}: expected ${match[0]}NAME`);
    return { transport, path: rest };
  }
  const [path, tag] = splitTag(rest);
  if (path === "" || tag === "") {
    throw new Error(`image reference ${JSON.stringify(text)}: expected ${transport}:PATH[:TAG]`);
  }
  return tag === undefined ? { transport, path } : { transport, path, tag };
}

/** The reference as a user writes it. */
export function referenceText(reference: ImageReference): string {
  const { transport, path, tag } = reference;
  const prefix = transport === "auto" ? "" : transport === "docker" ? "docker://" : `${transport}:`;
  return `${prefix}${path}${tag === undefined ? "" : `:${tag}`}`;
}

/** True for what can only be meant as a path, whether or not it exists. */
export function looksLikePath(text: string): boolean {
  return /^(\/|\.{1,2}(\/|$)|~|[A-Za-z]:[\\/])|\\|\/$|\.(wasm|wat|tar|tgz|tar\.gz|tar\.zst)$/.test(text);
}
