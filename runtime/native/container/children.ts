/** Processes that this process has started and not yet waited for. @module */
import type { Descriptor } from "../ffi/descriptors.ts";
import type { TerminalStreams } from "./proxy.ts";

/** A child. */
export interface KnownChild {
  /** Its pidfd. */
  readonly pidfd: Descriptor;
  /** The master of its terminal, where this process has that. */
  readonly terminal?: Descriptor;
  /** What is at the other end of the terminal; this process's own streams unless it is said. */
  readonly streams?: TerminalStreams;
}

const children = new Map<number, KnownChild>();

/** Keeps a child until somebody waits for it. */
export function keepChild(pid: number, child: KnownChild): void {
  children.set(pid, child);
}

/** Says what is at the other end of a child's terminal, before somebody waits for it. */
export function showTerminalOn(pid: number, streams: TerminalStreams): void {
  const child = children.get(pid);
  if (child !== undefined) children.set(pid, { ...child, streams });
}

/** A child that is kept. */
export function childOf(pid: number): KnownChild | undefined {
  return children.get(pid);
}

async function endOf({ pidfd, terminal, streams }: KnownChild): Promise<number> {
  if (terminal === undefined) return await (await import("../ffi/wait.ts")).waitFor(pidfd.fd);
  return await (await import("./proxy.ts")).proxyTerminal(pidfd, terminal, streams);
}

const waiting = new WeakMap<KnownChild, Promise<number>>();

/** Waits for a child, and forgets it. Its wait status; the same for everybody who waits. */
export function waitForChild(pid: number, child: KnownChild): Promise<number> {
  let status = waiting.get(child);
  if (status === undefined) {
    status = endOf(child).finally(() => {
      children.delete(pid);
      child.pidfd.close();
      child.terminal?.close();
    });
    waiting.set(child, status);
  }
  return status;
}
