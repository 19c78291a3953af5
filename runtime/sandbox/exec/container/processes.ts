/** Processes of the host that belong to a container: its own, and one for each exec. @module */
import type { Container } from "../../../lifecycle/backend.ts";
import { hostProcesses } from "../../../lifecycle/host/processes.ts";
import type { ProcessIdentity } from "../../../lifecycle/record.ts";

const PREFIX = "exec-";

/** Notes the process of an exec. Returns what takes the note back. */
export function noteExec(directory: string, process: ProcessIdentity): () => void {
  const path = `${directory}/${PREFIX}${process.pid}`;
  Deno.writeTextFileSync(path, process.startTime, { mode: 0o600 });
  return () => {
    try {
      Deno.removeSync(path);
    } catch {
      // The container has been deleted.
    }
  };
}

/** Ids of a container's processes. */
export function processesOf({ record, directory }: Container): number[] {
  const execs = [...Deno.readDirSync(directory)].filter(({ name }) => name.startsWith(PREFIX)).map((
    { name },
  ) => ({
    pid: Number(name.slice(PREFIX.length)),
    startTime: Deno.readTextFileSync(`${directory}/${name}`),
  }));
  return [record.init!, ...execs].filter((each) => hostProcesses.isAlive(each)).map(({ pid }) => pid);
}
