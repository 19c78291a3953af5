/** Whether there is something. @module */

/** True if there is something at a path, or where its link leads. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
