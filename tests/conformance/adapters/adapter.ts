/** What runs cases. @module */
import type { Case, Need, Result } from "../types.ts";

/** A runtime, as the runner sees it. */
export interface Adapter {
  /** Its name in documents. */
  readonly name: string;
  /** Why it cannot run here at all. */
  readonly missing?: string | undefined;
  /** Cases that run at the same time. */
  readonly parallel: number;
  /** Why a need cannot be met. */
  lacks(need: Need): string | undefined;
  /** Runs a case, and leaves nothing. */
  run(test: Case): Promise<Result>;
}

/** A failure. */
export const fail = (why: string): Result => ({ outcome: "fail", why });
/** A pass. */
export const PASS: Result = { outcome: "pass" };

/** Runs `f` in a directory of its own that is gone afterwards. */
export async function inDirectory<T>(f: (dir: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-conformance-" });
  try {
    // Programs without privileges look into it, too.
    await Deno.chmod(dir, 0o755);
    return await f(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
