/** Errors of the host as Linux errnos. @module */
import { EACCES, EEXIST, EIO, EISDIR, ENOENT, ENOTDIR, EPERM, errnoName } from "../abi/errno.ts";

const BY_NAME: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 133 }, (_, i) => [errnoName(i + 1), i + 1] as const),
);

/** The negative errno of what a Deno call threw: by its code, which is the same on all hosts, else by its class. */
export function hostErrno(error: unknown): number {
  const code = (error as { code?: unknown }).code;
  const known = typeof code === "string" ? BY_NAME.get(code) : undefined;
  if (known !== undefined) return -known;
  // Deno has no code for some (EFBIG): the number in the message is the host's own, on Linux ours.
  const number = / \(os error (\d+)\)/.exec((error as Error).message ?? "");
  if (number !== null && Deno.build.os === "linux") return -Number(number[1]);
  const { errors } = Deno;
  if (error instanceof errors.NotFound) return -ENOENT;
  if (error instanceof errors.AlreadyExists) return -EEXIST;
  if (error instanceof errors.NotADirectory) return -ENOTDIR;
  if (error instanceof errors.IsADirectory) return -EISDIR;
  if (error instanceof errors.PermissionDenied) return -EACCES;
  if (error instanceof errors.NotCapable) return -EPERM;
  return -EIO;
}

/** Runs a host call; what it throws becomes an errno. */
export function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return hostErrno(error);
  }
}
