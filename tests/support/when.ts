/** Tests that want something of the machine: a tool, root, an operating system, a package. @module */

/** What a test wants. */
export interface Needs {
  /** Programs on PATH. */
  readonly tools?: readonly string[];
  /** To be root. */
  readonly root?: boolean;
  /** One of these operating systems. */
  readonly os?: readonly (typeof Deno.build.os)[];
  /** Why it cannot run, found out by the test itself; undefined if it can. */
  readonly missing?: string | undefined;
}

function onPath(tool: string): boolean {
  const windows = Deno.build.os === "windows";
  const directories = (Deno.env.get("PATH") ?? "").split(windows ? ";" : ":");
  return directories.some((directory) => {
    try {
      return Deno.statSync(`${directory}/${tool}${windows ? ".exe" : ""}`).isFile;
    } catch {
      return false;
    }
  });
}

/** Why a test cannot run here; undefined if it can. */
export function reasonAgainst(needs: Needs): string | undefined {
  const absent = (needs.tools ?? []).filter((tool) => !onPath(tool));
  if (absent.length > 0) return `needs ${absent.join(", ")}`;
  if (needs.root && (Deno.build.os === "windows" || Deno.uid() !== 0)) return "needs root";
  if (needs.os !== undefined && !needs.os.includes(Deno.build.os)) return `needs ${needs.os.join(" or ")}`;
  return needs.missing;
}

/** Registers a test that runs only where it can; elsewhere its reason is printed. */
export function testWhen(needs: Needs, name: string, run: (t: Deno.TestContext) => Promise<void>): void {
  const reason = reasonAgainst(needs);
  if (reason !== undefined) console.log(`skipped: ${name}: ${reason}`);
  Deno.test({ name, ignore: reason !== undefined, fn: run });
}
