/** start on Linux: the init goes on to its execve. @module */
import type { Container } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { markStarted } from "../../lifecycle/host/state_directory.ts";
import type { BackendData } from "../../lifecycle/record.ts";
import { type Descriptor, writeAll } from "../ffi/descriptors.ts";
import type { Note } from "../table/compile_table.ts";
import { StepError } from "./conversation.ts";
import { awaitResult, openFifos, removeFifos } from "./start_fifos.ts";

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
  const { start, result } = fifos;
  try {
    await startWith(container, start, result);
  } finally {
    start.close();
    result.close();
  }
}

async function startWith(
  { record, directory, ...more }: Container,
  start: Descriptor,
  result: Descriptor,
): Promise<void> {
  if (record.hooks.includes("startContainer")) {
    const { runStartHooks } = await import("./hooks.ts");
    await runStartHooks({ record, directory, ...more });
  }
  markStarted(directory);
  writeAll(start.fd, Uint8Array.of(1), `starting container ${JSON.stringify(record.id)}`);
  const said = await awaitResult(result);
  if (said !== null && "failed" in said) {
    throw new StepError(said.failed, noteOf(record.data, said.record), "start");
  }
  removeFifos(directory);
}
