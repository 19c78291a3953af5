/**
 * The FIFOs of a container that waits: by one it is told to start, by the other it says why it could not. Deno opens them, not the library of
 * system calls: to load that takes a fifth of a start. What is opened for reading and writing never waits for another end (man 7 fifo).
 * @module
 */
import { type Message, MESSAGE_SIZE, parseMessage } from "../program/message.ts";

/** Their names in the container's directory. */
export const START = "start", RESULT = "result";

/** Both, for whoever starts. */
export interface StartFifos {
  readonly start: Deno.FsFile;
  /** Ends when nobody else has it open: when the program runs, or the init is gone. */
  readonly result: Deno.FsFile;
}

/** The end that is read of a FIFO, whether somebody writes to it or not. */
function openReader(path: string): Deno.FsFile {
  const both = Deno.openSync(path, { read: true, write: true });
  try {
    return Deno.openSync(path, { read: true });
  } finally {
    both.close();
  }
}

/** Opens both; undefined if they are not there. */
export function openFifos(directory: string): StartFifos | undefined {
  let start: Deno.FsFile | undefined;
  try {
    start = Deno.openSync(`${directory}/${START}`, { read: true, write: true });
    return { start, result: openReader(`${directory}/${RESULT}`) };
  } catch (error) {
    start?.close();
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Waits until the program runs, or the init has said why it does not: the failure, or null. */
export async function awaitResult(result: Deno.FsFile): Promise<Message | null> {
  const bytes = new Uint8Array(MESSAGE_SIZE); // shorter than PIPE_BUF: read whole or not at all
  return await result.read(bytes) === MESSAGE_SIZE ? parseMessage(bytes) : null;
}

/** Removes them: they have done their work. */
export function removeFifos(directory: string): void {
  for (const name of [START, RESULT]) {
    try {
      Deno.removeSync(`${directory}/${name}`);
    } catch {
      // Only its room is lost: it goes with the directory.
    }
  }
}
