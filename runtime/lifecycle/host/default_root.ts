/** Where containers are written down when nobody says. @module */

/** The directory of the user: below /run for root, else below the user's runtime directory. Throws if there is none to be had. */
export function defaultRoot(
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string {
  if (Deno.build.os === "windows") {
    const local = env("LOCALAPPDATA");
    if (local) return `${local}\\umiak\\run`;
  } else {
    if (Deno.build.os === "linux" && Deno.uid() === 0) return "/run/umiak";
    const runtime = env("XDG_RUNTIME_DIR");
    if (runtime) return `${runtime}/umiak`;
    const temporary = env("TMPDIR") ?? "/tmp";
    return `${temporary.replace(/\/+$/, "")}/umiak-${Deno.uid()}`;
  }
  throw new Error("no directory for the state of containers: neither --root nor LOCALAPPDATA is set");
}
