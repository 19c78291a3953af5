/** What a user writes to name an image. @module */

/** Where an image is. */
export interface ImageReference {
  /** How it is kept; `auto`: a plain path, whose content tells. */
  readonly transport: "oci" | "oci-archive" | "docker-archive" | "auto";
  /** Path of the directory or file. */
  readonly path: string;
  /** Which image in it. */
  readonly tag?: string;
}

const TRANSPORT = /^(oci|oci-archive|docker-archive):/;

/** Splits a trailing `:TAG` off a path; a Windows drive letter's colon is none. */
function splitTag(text: string): [path: string, tag: string | undefined] {
  const at = text.indexOf(":", /^[A-Za-z]:[\\/]/.test(text) ? 2 : 0);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Reads `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME]` or a path. Throws on an empty path or tag. */
export function parseReference(text: string): ImageReference {
  const match = TRANSPORT.exec(text);
  if (match === null) {
    if (text === "") throw new Error("image reference: it is empty");
    return { transport: "auto", path: text };
  }
  const [path, tag] = splitTag(text.slice(match[0].length));
  if (path === "" || tag === "") {
    throw new Error(`image reference ${JSON.stringify(text)}: expected ${match[1]}:PATH[:TAG]`);
  }
  const transport = match[1] as ImageReference["transport"];
  return tag === undefined ? { transport, path } : { transport, path, tag };
}

/** The reference as a user writes it. */
export function referenceText(reference: ImageReference): string {
  const { transport, path, tag } = reference;
  return `${transport === "auto" ? "" : `${transport}:`}${path}${tag === undefined ? "" : `:${tag}`}`;
}
