/** Open files on their way over unix sockets (man 7 unix, SCM_RIGHTS). @module */
import { EINVAL, ETOOMANYREFS } from "../../../../fs/abi/errno.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { SCM_MAX_FD } from "../../../abi/linux/socket.ts";
import type { Incoming, Outgoing, SenderCredentials } from "../socket_file.ts";

/** Most open files of one user that are on their way: as many as a process can have open, by default (man 7 unix, ETOOMANYREFS). */
const IN_FLIGHT_MAX = 1024;
const inFlight: Map<number, number> = new Map();

/** What goes along with bytes or a message. */
export interface Ancillary {
  /** Open files; the queue has references of its own. */
  readonly rights: readonly OpenFile[];
  /** Who sent it. */
  readonly credentials: SenderCredentials | null;
  /** Whose files count. */
  readonly uid: number;
}

/** Nothing beside the bytes. */
export const NOTHING: Ancillary = { rights: [], credentials: null, uid: 0 };

/** Takes references of what is sent; -EINVAL for more than 253 files, -ETOOMANYREFS when too many are on their way. */
export function embark(more: Outgoing | undefined, uid: number): Ancillary | number {
  const rights = more?.rights ?? [];
  if (rights.length === 0 && more?.credentials === undefined) return NOTHING;
  if (rights.length > SCM_MAX_FD) return -EINVAL;
  const now = (inFlight.get(uid) ?? 0) + rights.length;
  if (rights.length > 0 && now > IN_FLIGHT_MAX) return -ETOOMANYREFS;
  if (rights.length > 0) inFlight.set(uid, now);
  return { rights: rights.map((file) => file.acquire()), credentials: more?.credentials ?? null, uid };
}

function landed({ rights, uid }: Ancillary): void {
  if (rights.length === 0) return;
  const left = (inFlight.get(uid) ?? 0) - rights.length;
  if (left > 0) inFlight.set(uid, left);
  else inFlight.delete(uid);
}

/** Gives what came along to a receiver; without one the files are closed, as of a message that is read with recv(2). */
export function disembark(ancillary: Ancillary, more: Incoming | undefined, passCred: boolean): void {
  landed(ancillary);
  if (more === undefined) {
    for (const file of ancillary.rights) file.close();
    return;
  }
  more.rights.push(...ancillary.rights);
  more.credentials = passCred ? ancillary.credentials ?? { pid: 0, uid: 65534, gid: 65534 } : null;
}

/** Shows what came along without taking it (MSG_PEEK): the receiver gets references of its own. */
export function show(ancillary: Ancillary, more: Incoming | undefined, passCred: boolean): void {
  if (more === undefined) return;
  more.rights.push(...ancillary.rights.map((file) => file.acquire()));
  more.credentials = passCred ? ancillary.credentials : null;
}

/** Closes what nobody received. */
export function drop(ancillary: Ancillary): void {
  disembark(ancillary, undefined, false);
}
