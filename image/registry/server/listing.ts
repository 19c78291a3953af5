/** Lists of tags and of repositories, with pages (distribution-spec, Listing Tags). @module */
import type { Call, Context } from "./context.ts";
import { jsonResponse, RegistryError } from "./errors.ts";

/** Items of a sorted list that a request asks for, and the URL of the next page. */
function page(
  path: string,
  query: URLSearchParams,
  sorted: readonly string[],
): { items: readonly string[]; headers: Record<string, string> } {
  const asked = query.get("n"), last = query.get("last");
  if (asked !== null && !/^\d{1,15}$/.test(asked)) {
    throw new RegistryError(400, "UNSUPPORTED", `n=${asked} is not a number of items`);
  }
  const count = asked === null ? Infinity : Number(asked);
  const from = last === null ? 0 : sorted.findIndex((item) => item > last);
  const rest = from < 0 ? [] : sorted.slice(from);
  const items = rest.slice(0, count);
  if (count === 0 || items.length === rest.length) return { items, headers: {} };
  const next = new URLSearchParams({ n: asked!, last: items.at(-1)! });
  return { items, headers: { link: `<${path}?${next}>; rel="next"` } };
}

/** GET of a repository's tags. */
export async function listTags(context: Context, call: Call, repository: string): Promise<Response> {
  const view = await context.storage.view(repository);
  if (view === undefined) {
    throw new RegistryError(404, "NAME_UNKNOWN", `there is no repository ${repository}`);
  }
  // Code units of ASCII text: the order that the specification calls ASCIIbetical.
  const sorted = [...view.tags.keys()].sort();
  const { items, headers } = page(`/v2/${repository}/tags/list`, call.query, sorted);
  return jsonResponse(200, { name: repository, tags: items }, headers);
}

/** GET of the repositories that the client may read. */
export async function listRepositories(context: Context, call: Call): Promise<Response> {
  const all = await context.storage.repositories();
  const readable = all.filter((repository) => call.grant.may("pull", repository));
  const { items, headers } = page("/v2/_catalog", call.query, readable);
  return jsonResponse(200, { repositories: items }, headers);
}
