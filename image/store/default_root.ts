/** Where umiak keeps what it may lose and make again. @module */

/** The home directory that a user of a Unix has, whatever its environment says (man 5 passwd). */
function homeOfUser(): string | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    return lines.find((fields) => fields[2] === String(Deno.uid()))?.[5] || undefined;
  } catch {
    return undefined;
  }
}

/** Directory of umiak's store: $UMIAK_ROOT, or the place the host's conventions give to programs' data. */
export function defaultRoot(): string {
  const env = (name: string): string | undefined => Deno.env.get(name) || undefined;
  const own = env("UMIAK_ROOT");
  if (own !== undefined) return own;
  const home = env("HOME") ?? env("USERPROFILE") ?? homeOfUser() ?? ".";
  if (Deno.build.os === "windows") return `${env("LOCALAPPDATA") ?? `${home}\\AppData\\Local`}\\umiak`;
  if (Deno.build.os === "darwin") return `${home}/Library/Application Support/umiak`;
  return `${env("XDG_DATA_HOME") ?? `${home}/.local/share`}/umiak`;
}
