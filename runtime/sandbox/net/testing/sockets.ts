/** One small interface over the sockets of this kernel and over those of the host's, so that a script of calls can run on both. @module */

/** An address of a script: IP and port, or a unix path ("@x" is abstract). */
export type ScriptAddress = readonly [ip: string, port: number] | string;

/** Calls of a script. All sockets are non-blocking; results are numbers, or the errno negated. */
export interface ScriptSockets {
  /** socket(2), with SOCK_NONBLOCK. */
  socket(family: number, type: number, protocol?: number): number;
  /** socketpair(2). */
  pair(type: number): readonly [number, number] | number;
  /** bind(2). */
  bind(fd: number, address: ScriptAddress | null): number;
  /** listen(2). */
  listen(fd: number, backlog: number): number;
  /** accept(2): a descriptor. */
  accept(fd: number): number;
  /** connect(2). */
  connect(fd: number, address: ScriptAddress | null): number;
  /** sendto(2) with MSG_NOSIGNAL. */
  send(fd: number, text: string, flags?: number, to?: ScriptAddress): number;
  /** recv(2): the text, or a negative errno. */
  recv(fd: number, length: number, flags?: number): string | number;
  /** shutdown(2). */
  shutdown(fd: number, how: number): number;
  /** close(2). */
  close(fd: number): number;
  /** poll(2) for everything, without waiting: revents. */
  poll(fd: number): number;
  /** setsockopt(2). */
  setsockopt(fd: number, level: number, name: number, ...value: number[]): number;
  /** getsockopt(2): an int. */
  getsockopt(fd: number, level: number, name: number): number;
  /** getsockname(2): address and port as text, or a negative errno. */
  getsockname(fd: number): ScriptAddress | number;
  /** getpeername(2). */
  getpeername(fd: number): ScriptAddress | number;
  /** FIONREAD. */
  fionread(fd: number): number;
}
