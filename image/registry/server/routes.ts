/** What a URL below /v2/ means (distribution-spec, Endpoints). @module */
import { RegistryError } from "./errors.ts";
import { isRepositoryName } from "./names.ts";

/** Something that a registry has. */
export type Route =
  | { readonly kind: "support" | "catalog" }
  | { readonly kind: "tags" | "uploads"; readonly repository: string }
  | {
    readonly kind: "blob" | "manifest" | "referrers" | "upload";
    readonly repository: string;
    /** A digest, a tag or the id of an upload, not checked yet. */
    readonly reference: string;
  };

const KINDS: Readonly<Record<string, "blob" | "manifest" | "referrers" | "upload">> = {
  blobs: "blob",
  manifests: "manifest",
  referrers: "referrers",
};

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new RegistryError(400, "NAME_INVALID", `${JSON.stringify(segment)} is not valid percent-encoding`);
  }
}

/**
 * Reads a path. Repository names may contain every word that the endpoints have ("a/tags/list" is one), so it is read from its end.
 * Undefined if it is not an endpoint; throws a RegistryError for a name that no repository can have, with the status 404 for `reading`.
 */
export function parseRoute(pathname: string, reading: boolean): Route | undefined {
  if (pathname === "/v2" || pathname === "/v2/") return { kind: "support" };
  if (!pathname.startsWith("/v2/")) return undefined;
  const parts = pathname.slice("/v2/".length).split("/").map(decoded);
  if (parts.length === 1 && parts[0] === "_catalog") return { kind: "catalog" };
  const named = (count: number): string => {
    const repository = parts.slice(0, -count).join("/");
    if (isRepositoryName(repository)) return repository;
    throw new RegistryError(
      reading ? 404 : 400,
      "NAME_INVALID",
      `${JSON.stringify(repository)} cannot be a repository's name`,
    );
  };
  const [third, second, last] = [parts.at(-3), parts.at(-2), parts.at(-1)!];
  if (second === "tags" && last === "list") return { kind: "tags", repository: named(2) };
  if (third === "blobs" && second === "uploads") {
    return last === ""
      ? { kind: "uploads", repository: named(3) }
      : { kind: "upload", repository: named(3), reference: last };
  }
  if (second === "blobs" && last === "uploads") return { kind: "uploads", repository: named(2) };
  const kind = second === undefined || !Object.hasOwn(KINDS, second) ? undefined : KINDS[second];
  return kind === undefined ? undefined : { kind, repository: named(2), reference: last };
}
