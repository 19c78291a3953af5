/** Children that try something: what they change is their own and ends with them. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { type Descriptor, makePipe, whileOpen } from "../ffi/descriptors.ts";
import { thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { type Child, spawnProgram } from "../ffi/spawn.ts";
import { waitNow } from "../ffi/wait.ts";
import { awaitByte } from "../program/protocol.ts";
import { compileTable } from "../table/compile_table.ts";
import { SLOT } from "../table/record.ts";
import { type NativeStep, ref } from "../table/types.ts";
import type { Failure } from "./facts.ts";

const what = "trying something";

/** Ends with the errno as its exit code. */
const FATAL: readonly NativeStep[] = [
  { op: "LD", args: [{ slot: SLOT.ERRNO }, 0], width: 4, result: "errno" },
  { native: "exit_group", args: [ref("errno")], what },
];
const END: NativeStep = { native: "exit_group", args: [0], what };

function withProgram<T>(
  steps: readonly NativeStep[],
  directory: string,
  descriptors: readonly number[],
  cloneFlags: number,
  body: (child: Child) => T,
): T {
  return whileOpen((own) => {
    const table = compileTable([...steps, END], FATAL, thisMachine().architecture);
    const file = own(makeProgramFile(table, directory));
    const child = spawnProgram({ file, name: "umiak-doctor", cloneFlags, descriptors });
    own(child.pidfd);
    return body(child);
  });
}

/** The reason at the end of an error's text. */
export const reasonIn = (error: unknown): string => (error as Error).message.replace(/^.*?: /, "");

/** Runs steps in a child. Why one of them failed. */
export function tryInChild(steps: readonly NativeStep[], directory: string): Failure {
  try {
    const status = withProgram(steps, directory, [], 0, ({ pidfd }) => waitNow(pidfd.fd));
    const signal = status & 0x7f;
    if (signal !== 0) return `it is killed by signal ${signal}`;
    return status === 0 ? undefined : errnoText(status >> 8);
  } catch (error) {
    return reasonIn(error);
  }
}

/** Runs `body` while there is a child with namespaces of its own. Throws an Error if there cannot be one. */
export function whileChild<T>(cloneFlags: number, directory: string, body: (pid: number) => T): T {
  return whileOpen((own) => {
    const [waiting, go] = makePipe(what).map(own) as [Descriptor, Descriptor];
    return withProgram(awaitByte(waiting.fd, "end"), directory, [waiting.fd], cloneFlags, (child) => {
      try {
        return body(child.pid);
      } finally {
        go.close(); // it ends when there is nobody to wait for
        waiting.close();
        waitNow(child.pidfd.fd);
      }
    });
  });
}
