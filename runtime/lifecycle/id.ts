/** Ids of containers. @module */
import { LifecycleError } from "./error.ts";

/** Longest id: a name of most filesystems, with room for what is put before it. */
const MAX_ID = 200;

/** Throws if `id` cannot be a container's: it is the name of a directory, and other runtimes take no more than this either. */
export function checkId(id: string): void {
  if (id === "") throw new LifecycleError("a container id is required", "invalid");
  if (!/^[A-Za-z0-9_+.-]+$/.test(id) || id === "." || id === ".." || id.length > MAX_ID) {
    throw new LifecycleError(
      `container id ${
        JSON.stringify(id.slice(0, MAX_ID + 1))
      }: expected up to ${MAX_ID} of A-Z a-z 0-9 _ + - .`,
      "invalid",
    );
  }
}
