/** What the program ps(1) says about processes. @module */

/** Its lines about these, with its header. Throws if it fails, or if its output does not say which line is whose. */
export async function linesOfPs(options: readonly string[], pids: readonly number[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("ps", { args: [...options], stderr: "piped" })
    .output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`ps: ${text(stderr).trim()}`);
  const [header = "", ...lines] = text(stdout).trimEnd().split("\n");
  const column = header.trim().split(/\s+/).indexOf("PID");
  if (column < 0) throw new Error("ps: its output has no column PID");
  const known = new Set(pids.map(String));
  return [header, ...lines.filter((line) => known.has(line.trim().split(/\s+/)[column] ?? ""))].join("\n") +
    "\n";
}
