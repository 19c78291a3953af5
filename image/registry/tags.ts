/** Tags of a repository (distribution-spec, Listing Tags). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import { scope } from "./auth/authorizer.ts";
import { nextLink } from "./http/link.ts";
import { readBody } from "./http/read_body.ts";
import { isTag } from "./reference.ts";
import type { RepositoryContext } from "./repository_context.ts";

/** Largest page. */
const MAX_PAGE = 16 * 1024 * 1024;
/** Pages and tags, at most. */
const MAX_PAGES = 10_000, MAX_TAGS = 1_000_000;

/** Which tags are wanted. */
export interface TagsOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Tags to a page; as many as the registry likes by default. */
  readonly pageSize?: number;
  /** Only those behind this one. */
  readonly last?: string;
}

/** The tags, in the registry's order, each once. Throws a RegistryError, status 404, if there is no such repository. */
export async function* listTags(
  context: RepositoryContext,
  options: TagsOptions = {},
): AsyncGenerator<string> {
  const { session, name } = context.origin;
  const { signal, pageSize, last } = options;
  const what = `${context.text}: list of tags`;
  const query = new URLSearchParams();
  if (pageSize !== undefined) query.set("n", String(pageSize));
  if (last !== undefined) query.set("last", last);
  let next: string | URL | undefined = `${name}/tags/list${query.size === 0 ? "" : `?${query}`}`;
  const pages = new Set<string>(), tags = new Set<string>();
  while (next !== undefined) {
    pages.add(String(next));
    const response = await session.request({
      method: "GET",
      to: next,
      access: { repository: name, scopes: [scope(name, "pull")] },
      expect: [200],
      what: `tags of ${name}`,
      small: true,
      signal,
    });
    const page = new Cursor(parseJson(await readBody(response, MAX_PAGE, what), what), what);
    for (const tag of page.field("tags").strings()) {
      // What is no tag could not be asked for either.
      if (!isTag(tag) || tags.has(tag)) continue;
      tags.add(tag);
      yield tag;
    }
    next = nextLink(response.headers.get("link"), response.url);
    if (next === undefined) return;
    if (pages.size >= MAX_PAGES || tags.size > MAX_TAGS) throw new Error(`${what}: it does not end`);
    if (pages.has(String(next))) throw new Error(`${what}: it goes round in circles`);
  }
}
