/** Questions to a container's host process. @module */
import type { Container } from "../../../lifecycle/backend.ts";
import type { Message } from "./frames.ts";
import { connectTo, failureOf } from "./sockets.ts";

/**
 * Asks, and gives the answer; undefined if there is none within `ms` milliseconds: a program that computes lets nobody in, and a paused one
 * neither. Throws the error that the answer is.
 */
export async function ask(container: Container, message: Message, ms: number): Promise<Message | undefined> {
  const socket = await connectTo(container);
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  try {
    await socket.message(message);
    const answer = await Promise.race([socket.receiveMessage(), late.promise]);
    const failure = answer ? failureOf(answer) : undefined;
    if (failure !== undefined) throw failure;
    return answer ?? undefined;
  } finally {
    clearTimeout(timer);
    socket.abort();
  }
}
