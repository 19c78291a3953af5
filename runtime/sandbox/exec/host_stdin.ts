/** The host's standard input as a source of bytes. @module */
import { linuxLibrary } from "./c_library.ts";
import type { ByteSource } from "./host_stream.ts";

type Kind = "file" | "pipe" | "other";

function kindOfStdin(): Kind {
  if (Deno.build.os === "windows") return "other";
  try {
    const { isFile, isFifo } = Deno.statSync("/dev/stdin");
    return isFile ? "file" : isFifo ? "pipe" : "other";
  } catch {
    return "other";
  }
}

/** struct pollfd: descriptor 0, events, revents. */
const POLLFD = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0);

/** How long a writer may take that is as busy as the reader: everybody waits so long, at most once for each of its writes. */
const PATIENCE_MS = 1;

const SYMBOLS = { poll: { parameters: ["buffer", "usize", "i32"], result: "i32" } } as const;

/** poll(2) of the C library: whether a read of standard input would not wait; undefined where there is none. */
function loadPoll(): (() => boolean) | undefined {
  const library = linuxLibrary(SYMBOLS);
  return library && (() => library.poll(POLLFD, 1n, PATIENCE_MS) > 0);
}

/** Reads after which it pays to ask for what is there. */
const UPGRADE_AFTER = 16;
/** Of so many reads one lets others run. */
const TURN = 16;

/** Reads of a pipe that has something already: without the way through another thread, which takes longer than the read. */
function pipeNow(): NonNullable<ByteSource["readNow"]> {
  let reads = 0;
  let ready: ReturnType<typeof loadPoll> | null = null;
  return (into) => {
    if (++reads <= UPGRADE_AFTER || reads % TURN === 0) return undefined;
    if (ready === null) ready = loadPoll();
    return ready?.() ? Deno.stdin.readSync(into) : undefined;
  };
}

/** Standard input of this process. */
export function hostStdin(): ByteSource {
  const read = (into: Uint8Array): Promise<number | null> => Deno.stdin.read(into);
  switch (kindOfStdin()) {
    case "file":
      return { read, readSync: (into) => Deno.stdin.readSync(into) };
    case "pipe":
      return { read, readNow: pipeNow() };
    default:
      return { read };
  }
}
