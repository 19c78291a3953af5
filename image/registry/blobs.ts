/** Blobs of a repository, but for reading and uploading them: whether they exist, and deletion. @module */
import type { Descriptor } from "../descriptor.ts";
import { scope } from "./auth/authorizer.ts";
import type { RepositoryContext } from "./repository_context.ts";

/**
 * True if the repository has a blob, with the size that the descriptor states (distribution-spec, Checking
 * if content exists). `push`: it is going to be put otherwise, so that one token serves for both.
 */
export async function hasBlob(
  context: RepositoryContext,
  descriptor: Descriptor,
  options: { readonly signal?: AbortSignal | undefined; readonly push?: boolean } = {},
): Promise<boolean> {
  const { signal, push = false } = options;
  const { session, name } = context.origin;
  const response = await session.request({
    method: "HEAD",
    to: `${name}/blobs/${descriptor.digest}`,
    access: { repository: name, scopes: [scope(name, push ? "pull,push" : "pull")] },
    expect: [200, 404],
    what: `blob ${name} ${descriptor.digest}`,
    small: true,
    signal,
  });
  await response.discard();
  const size = response.headers.get("content-length");
  return response.status === 200 && (size === null || Number(size) === descriptor.size);
}

/** Deletes a blob (distribution-spec, Deleting Blobs). Throws a RegistryError: status 404 if there is none, 405 if it cannot be done. */
export async function deleteBlob(
  context: RepositoryContext,
  digest: string,
  signal?: AbortSignal,
): Promise<void> {
  const { session, name } = context.origin;
  const response = await session.request({
    method: "DELETE",
    to: `${name}/blobs/${digest}`,
    access: { repository: name, scopes: [scope(name, "delete")] },
    expect: [200, 202, 204],
    what: `deleting blob ${name} ${digest}`,
    small: true,
    signal,
  });
  await response.discard();
}
