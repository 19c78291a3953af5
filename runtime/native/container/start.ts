/** start on Linux: the init goes on to its execve. @module */
import type { Container } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { markStarted } from "../../lifecycle/host/state_directory.ts";
import type { BackendData } from "../../lifecycle/record.ts";
import type { Note } from "../table/compile_table.ts";
import { awaitResult, openFifos, removeFifos, type StartFifos } from "./start_fifos.ts";

/** What the init was doing, as its creator has written it down. */
function noteOf(data: BackendData, record: number): Note | undefined {
  const note = (data.notes as Record<string, [string, string | null]> | undefined)?.[record];
  return note === undefined ? undefined : { what: note[0], call: note[1] };
}

/** Runs startContainer hooks and the program. */
export async function startInit(container: Container): Promise<void> {
  const { record, directory } = container;
  const fifos = openFifos(directory);
  if (fifos === undefined) {
    throw new LifecycleError(
      `container ${JSON.stringify(record.id)}: cannot start it: its process has ended`,
      "state",
    );
  }
  try {
    await startWith(container, fifos);
  } finally {
    fifos.start.close();
    fifos.result.close();
  }
}

async function startWith(
  { record, directory, ...more }: Container,
  { start, result }: StartFifos,
): Promise<void> {
  if (record.hooks.includes("startContainer")) {
    const { runStartHooks } = await import("./hooks.ts");
    await runStartHooks({ record, directory, ...more });
  }
  markStarted(directory);
  start.writeSync(Uint8Array.of(1));
  const said = await awaitResult(result);
  if (said !== null && "failed" in said) {
    const { StepError } = await import("./step_error.ts");
    throw new StepError(said.failed, noteOf(record.data, said.record), "start");
  }
  removeFifos(directory);
}
