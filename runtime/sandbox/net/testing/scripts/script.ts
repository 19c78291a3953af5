/** What scripts share. @module */
import { AF_INET, SOCK_STREAM } from "../../../../abi/linux/socket.ts";
import type { ScriptAddress, ScriptSockets } from "../sockets.ts";

/** A script. */
export type Script = (s: ScriptSockets, note: (result: unknown) => void) => void;

/** The loopback address. */
export const LO = "127.0.0.1";
/** A port that nobody listens on: found by binding and closing. */
export function unusedPort(s: ScriptSockets, type = SOCK_STREAM): number {
  const fd = s.socket(AF_INET, type);
  s.bind(fd, [LO, 0]);
  const port = portOf(s, fd);
  s.close(fd);
  return port;
}
/** The port of a socket's name. */
export function portOf(s: ScriptSockets, fd: number): number {
  const name = s.getsockname(fd);
  return Array.isArray(name) ? name[1] as number : -1;
}
/** A listener on a free port of 127.0.0.1. */
export function listener(s: ScriptSockets, backlog = 5): readonly [fd: number, port: number] {
  const fd = s.socket(AF_INET, SOCK_STREAM);
  s.bind(fd, [LO, 0]);
  s.listen(fd, backlog);
  return [fd, portOf(s, fd)];
}
/** Client, server, and the listener they met at. */
export function connected(
  s: ScriptSockets,
): readonly [client: number, server: number, listener: number, port: number] {
  const [l, port] = listener(s);
  const client = s.socket(AF_INET, SOCK_STREAM);
  s.connect(client, [LO, port]);
  return [client, s.accept(l), l, port];
}
/** An address without its port, which differs from run to run. */
export const ipOf = (name: ScriptAddress | number): unknown =>
  Array.isArray(name) ? [name[0], name[1] > 0] : name;
