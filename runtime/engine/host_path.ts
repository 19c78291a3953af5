/** Paths of the host. `node:path` would do, but loading it takes Deno 8 ms, as much as most verbs need in all. @module */

const WINDOWS = Deno.build.os === "windows";
/** What an absolute path begins with: on Windows a drive or a share. */
const ROOT = WINDOWS ? /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/][^\\/]+)[\\/]+/ : /^\/+/;
const SEPARATOR = WINDOWS ? /[\\/]+/ : /\/+/;

/** True if a path does not depend on the working directory. */
export function isAbsolutePath(path: string): boolean {
  return ROOT.test(path);
}

/** A path from the root on, without "." and "..". Links are not looked at: "a/.." is nothing, as in a shell's `cd -L`. */
export function absolutePath(path: string, cwd: string = Deno.cwd()): string {
  const whole = isAbsolutePath(path) ? path : `${cwd}/${path}`;
  const root = ROOT.exec(whole)?.[0] ?? "";
  const parts: string[] = [];
  for (const part of whole.slice(root.length).split(SEPARATOR)) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return (WINDOWS ? root : "/") + parts.join("/");
}
