/** Link headers (RFC 8288): where the next page of a list is. @module */
import { sameOrigin } from "./hosts.ts";

/** Longest header that is read. */
const MAX_LENGTH = 16 * 1024;

/**
 * The address with the relation "next", relative to `base`; undefined without one. Throws if it is on another server, which would be
 * shown what this one is.
 */
export function nextLink(header: string | null, base: URL): URL | undefined {
  for (const match of (header ?? "").slice(0, MAX_LENGTH).matchAll(/<([^<>]*)>((?:[^,"]|"[^"]*")*)/g)) {
    const [, target, parameters] = match as unknown as [string, string, string];
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters);
    if (!(relation?.[1] ?? relation?.[2] ?? "").toLowerCase().split(/\s+/).includes("next")) continue;
    let url: URL;
    try {
      url = new URL(target, base);
    } catch {
      throw new Error(`${base.host}: its Link header has no valid address`);
    }
    if (!sameOrigin(url, base)) {
      throw new Error(`${base.host}: its list goes on at another server, ${url.host}`);
    }
    return url;
  }
  return undefined;
}
