/** A process that has been started, its answers, and its end when it comes to nothing. @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { Descriptor } from "../ffi/descriptors.ts";
import { sys } from "../ffi/kernel.ts";
import type { Child } from "../ffi/spawn.ts";
import { waitFor, waitNow } from "../ffi/wait.ts";
import { SAYS } from "../program/message.ts";
import type { Table } from "../table/compile_table.ts";
import { receive, receiveNow } from "./conversation.ts";
import { StepError } from "./step_error.ts";

const SIGKILL = 9;

/** A process that has been started, and how it is talked to. */
export interface Conversation {
  /** The child that began it; of a container with namespaces that need it, not the init yet. */
  readonly child: Child;
  /** What it does. */
  readonly table: Table;
  /** What it says. */
  readonly report: Descriptor;
  /** Where it is told to go on. */
  readonly sync: Descriptor;
}

/** A process that ended before it had said that it would. */
export class EndedError extends LifecycleError {}

/** The error for what an init has said, or has not. */
export async function failureOf(
  { child, table }: Conversation,
  said: Awaited<ReturnType<typeof receive>>,
): Promise<Error> {
  if (said !== null && "failed" in said) {
    return new StepError(said.failed, table.notes.get(said.record), "failed");
  }
  sys("pidfd_send_signal", child.pidfd.fd, SIGKILL, 0, 0);
  const status = await waitFor(child.pidfd.fd);
  const how = (status & 0x7f) === 0 ? `exit code ${status >>> 8}` : `signal ${status & 0x7f}`;
  return new EndedError(`the container's init ended unexpectedly (${how})`, "failed");
}

/** Why an init has ended, if it has said so: nobody has asked it yet. */
async function failureSaid(conversation: Conversation): Promise<Error | undefined> {
  for (;;) {
    const said = await receiveNow(conversation.report);
    if (said === null) return undefined;
    if ("failed" in said) return await failureOf(conversation, said);
  }
}

/** Has a conversation. An init that says why it ends, and does, is not there to be talked to: what it has said is what went wrong then. */
export async function converseWith<T>(conversation: Conversation, talk: () => Promise<T>): Promise<T> {
  try {
    return await talk();
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw await failureSaid(conversation) ?? error;
  }
}

/** The init, when its maker has made it. The maker is waited for. */
export async function siblingOf(conversation: Conversation): Promise<Child> {
  const said = await receive(conversation.report);
  if (said === null || !("says" in said) || said.says !== SAYS.pid) throw await failureOf(conversation, said);
  const { child } = conversation;
  const pidfd = sys("pidfd_open", said.number, 0); // it is a child, and has not been waited for: nobody else can have its number
  await waitFor(child.pidfd.fd);
  child.pidfd.close();
  if (pidfd < 0) throw new EndedError("the container's init ended unexpectedly", "failed");
  return { pid: said.number, pidfd: new Descriptor(pidfd) };
}

/** Kills a child that has come to nothing. */
export function end(child: Child): void {
  sys("pidfd_send_signal", child.pidfd.fd, SIGKILL, 0, 0);
  try {
    waitNow(child.pidfd.fd);
  } catch {
    // It has been waited for.
  }
  child.pidfd.close();
}
