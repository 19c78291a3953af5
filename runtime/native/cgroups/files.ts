/** Files of cgroups on this host. @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { errnoText } from "../../../fs/abi/errno_text.ts";
import type { ControllerWrite } from "./version1.ts";

/** What went wrong, as errno where it is known. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as Error & { code?: string };
  const number = /\(os error (\d+)\)/.exec(message)?.[1];
  return code ?? (number === undefined ? message : errnoText(Number(number)));
}

/** Writes a file that is there. Throws what the kernel says. */
export function writeFile(path: string, value: string): void {
  Deno.writeTextFileSync(path, value, { create: false });
}

/** A file's text without its end of line; undefined if it cannot be read. */
export function readFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trimEnd();
  } catch {
    return undefined;
  }
}

/** True if there is something. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Directories of a cgroup and of those in it, the deepest first. */
export function treeOf(directory: string): string[] {
  try {
    const inner = [...Deno.readDirSync(directory)].filter((entry) => entry.isDirectory);
    return [...inner.flatMap(({ name }) => treeOf(`${directory}/${name}`)), directory];
  } catch {
    return []; // it has gone
  }
}

/** Processes of a cgroup and of those in it. */
export function pidsIn(directory: string): number[] {
  return treeOf(directory).flatMap((each) =>
    (readFile(`${each}/cgroup.procs`) ?? "").split("\n").filter((line) => line !== "").map(Number)
  );
}

function failed({ property, value }: ControllerWrite, doing: string, why: string): LifecycleError {
  return new LifecycleError(`config.json: ${property}: ${doing} ${value}: ${why}`, "failed");
}

/** The kernel's bounds are not ours to hide: a value that it has moved is an error. */
function checkBounds(write: ControllerWrite, path: string): void {
  const now = readFile(path);
  if (now === undefined || now === write.value) return;
  const [word, most] = BigInt(now) < BigInt(write.value) ? ["most", now] : ["least", now];
  throw failed(write, `setting`, `the ${word} that the kernel allows is ${most}`);
}

function apply(write: ControllerWrite, directory: string | undefined): void {
  const { controller, files, optional } = write;
  if (directory === undefined) {
    if (optional) return;
    throw failed(write, `setting ${files[0]} to`, `this host has no cgroups of ${controller}`);
  }
  const file = files.find((each) => exists(`${directory}/${each}`));
  if (file === undefined) {
    if (optional) return;
    throw failed(write, `setting ${files[0]} to`, `there is no such file in ${directory}`);
  }
  try {
    writeFile(`${directory}/${file}`, write.value);
  } catch (error) {
    if (optional && ["EOPNOTSUPP", "ENOTSUP"].includes(reasonOf(error))) return;
    throw failed(write, `setting ${file} of ${directory} to`, reasonOf(error));
  }
  if (write.bounded) checkBounds(write, `${directory}/${file}`);
}

/** Writes in order; what the kernel may take only later is tried again then. `directoryOf`: the container's cgroup of a controller. */
export function applyWrites(
  writes: readonly ControllerWrite[],
  directoryOf: (controller: string) => string | undefined,
): void {
  const later: ControllerWrite[] = [];
  for (const write of writes) {
    try {
      apply(write, directoryOf(write.controller));
    } catch (error) {
      if (!write.again) throw error;
      later.push(write);
    }
  }
  for (const write of later) apply(write, directoryOf(write.controller));
}
