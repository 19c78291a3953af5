/** The processes of a container's cgroups, and the end of both: what exec, ps, kill and delete need. @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { pidsIn, readFile, reasonOf, treeOf, writeFile } from "./files.ts";
import { directoryOf, readNote, wholeDirectory } from "./note.ts";

/** Where a process goes that joins a cgroup of version 2 whose processes are all in cgroups of its own ("no internal processes"). */
const innermost = (directory: string): string | undefined =>
  treeOf(directory).find((each) => (readFile(`${each}/cgroup.procs`) ?? "") !== "");

/** Puts a process into a container's cgroup of version 2, or into one in it. */
export function moveToSecond(directory: string, pid: number, inner = ""): void {
  const note = readNote(directory), cgroup = note === undefined ? undefined : directoryOf(note, "");
  if (cgroup === undefined) return;
  const into = inner === "" ? cgroup : `${cgroup}/${inner}`;
  try {
    writeFile(`${into}/cgroup.procs`, String(pid));
  } catch (error) {
    const other = reasonOf(error) === "EBUSY" ? innermost(into) : undefined;
    if (other === undefined) {
      throw new LifecycleError(
        `putting process ${pid} into the cgroup ${into}: ${reasonOf(error)}`,
        "failed",
      );
    }
    writeFile(`${other}/cgroup.procs`, String(pid));
  }
}

/** Processes in a container's cgroups; undefined if it has none. */
export function pidsOf(directory: string): number[] | undefined {
  const note = readNote(directory), whole = note === undefined ? undefined : wholeDirectory(note);
  return whole === undefined ? undefined : pidsIn(whole);
}

const FIRST_WAIT_MS = 1, LONGEST_WAIT_MS = 1000;

/** Removes those that can be removed. The others, and why the last one cannot. */
function removeOnce(cgroups: readonly string[]): { left: string[]; problem: unknown } {
  let problem: unknown;
  const left = cgroups.filter((each) => {
    try {
      Deno.removeSync(each);
      return false;
    } catch (error) {
      problem = error;
      return !(error instanceof Deno.errors.NotFound);
    }
  });
  return { left, problem };
}

/**
 * Removes them with all that is in them, when the last processes have gone: rmdir is EBUSY until then. `over`: the container has no processes any
 * more, so that those with processes are not its own.
 */
export async function removeCgroups(directory: string, over = false): Promise<void> {
  // Most have none in them, and reading their directories takes the kernel longer than all else.
  const own = removeOnce((readNote(directory)?.cgroups ?? []).map((cgroup) => cgroup.directory));
  let left = own.left.filter((each) => !over || pidsIn(each).length === 0).flatMap(treeOf);
  for (let wait = FIRST_WAIT_MS; left.length > 0; wait *= 2) {
    let problem: unknown;
    ({ left, problem } = removeOnce(left));
    if (left.length === 0) return;
    if (wait > LONGEST_WAIT_MS) {
      throw new LifecycleError(`removing the cgroup ${left[0]}: ${reasonOf(problem)}`, "failed");
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
