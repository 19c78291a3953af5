/** The process of the host that stands for a pod's member: the pod's host has its programs, this one its streams, signals, pid and end. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { writeExit } from "../../../lifecycle/host/state_directory.ts";
import { parseSpec } from "../../../spec/decode.ts";
import { ANSWER_MS, carryStreams, showOn, withinTime } from "../container/attach.ts";
import { FrameSocket } from "../container/frames.ts";
import { podOf } from "../container/pod.ts";
import { createPath } from "../container/sockets.ts";
import { setOomScore } from "./oom_score.ts";
import { endAs, listenForSignals } from "./signals.ts";

/** Joins the pod's host. Throws when it does not take the container. */
async function join(directory: string, sockets: string): Promise<FrameSocket> {
  const spec = parseSpec(Deno.readTextFileSync(`${directory}/config.json`));
  setOomScore(spec);
  const pod = podOf(spec, directory);
  if (pod === undefined) throw new Error("the container whose namespaces are to be joined has ended");
  const socket = new FrameSocket(await Deno.connect({ transport: "unix", path: pod.control }));
  await socket.message({ op: "join", directory, sockets, joined: pod.joined });
  const answer = socket.receiveMessage();
  if (!await withinTime(answer, ANSWER_MS)) {
    socket.abort();
    throw new Error(
      "the process that hosts the pod does not answer: it is paused, or a program in it computes without a pause " +
        "(the annotation umiak.interruptible=true lets others in)",
    );
  }
  if ((await answer)?.op !== "taken") throw new Error("the process that hosts the pod has ended");
  return socket;
}

/** Tells the create that waits what is wrong. */
async function refuse(sockets: string, error: unknown): Promise<never> {
  const creator = new FrameSocket(await Deno.connect({ transport: "unix", path: createPath(sockets) }));
  await creator.receiveMessage(); // it orders first
  const message = `joining the pod: ${(error as Error).message}`;
  await creator.message({ op: "error", reason: "failed", message });
  await creator.close();
  Deno.exit(125);
}

/** Stands for the container whose state is in `directory` to its end. */
export async function standForMember(directory: string, sockets: string): Promise<never> {
  let socket: FrameSocket;
  try {
    socket = await join(directory, sockets);
  } catch (error) {
    return await refuse(sockets, error);
  }
  let leave: Promise<() => void> | undefined;
  listenForSignals((signal) => {
    if (signal === SIGNAL.SIGWINCH && leave !== undefined) return; // the new size is told
    void socket.message({ op: "signal", signal }).catch(() => {}); // carryStreams() knows
  });
  const status = await carryStreams(socket, ({ op, isRaw }) => {
    if (op === "terminal") leave = showOn(socket, { isRaw: isRaw === true });
  });
  (await leave)?.();
  try {
    writeExit(directory, { status });
  } catch {
    // The container has been deleted.
  }
  endAs(status);
}
