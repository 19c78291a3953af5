/** Names of unix sockets (man 7 unix): sockets in the filesystem, abstract names, and names made up. @module */
import { EACCES, EADDRINUSE, ECONNREFUSED, EEXIST, EINVAL, EPROTOTYPE } from "../../../../fs/abi/errno.ts";
import { isSock, S_IFSOCK } from "../../../../fs/abi/mode.ts";
import { nameByteLength } from "../../../../fs/abi/name.ts";
import { W_OK } from "../../../../fs/abi/open.ts";
import type { Dentry } from "../../../../fs/vfs/dentry.ts";
import type { Inode } from "../../../../fs/vfs/inode.ts";
import { mknodAt } from "../../../../fs/vfs/namei.ts";
import { parsePath } from "../../../../fs/vfs/path_name.ts";
import { credOn } from "../../../../fs/vfs/mod.ts";
import { permission } from "../../../../fs/vfs/permission.ts";
import { lookupAt } from "../../../../fs/vfs/walk.ts";
import type { Task } from "../../kernel/task.ts";
import type { NetNamespace } from "../namespace.ts";
import type { UnixSocket } from "./unix_socket.ts";

/** sun_path holds this many bytes. */
export const UNIX_PATH_MAX = 108;
/** Names that bind makes up have five hexadecimal digits (man 7 unix, "Autobind feature"). */
const AUTOBIND_NAMES = 0x100000;

const bySocketInode = new WeakMap<Inode, UnixSocket>();

/** A name in the filesystem that a socket was bound to. It keeps the inode from being forgotten. */
export interface PathBinding {
  /** Where it is. */
  readonly dentry: Dentry;
}

/** Makes a socket in the filesystem. -EADDRINUSE if the name exists. */
export function bindPath(task: Task, socket: UnixSocket, path: string): PathBinding | number {
  const name = parsePath(path);
  if (typeof name === "number") return name;
  const error = mknodAt(task, null, name, S_IFSOCK | (socket.inode.mode & 0o777), 0);
  if (error < 0) return error === -EEXIST ? -EADDRINUSE : error;
  const at = lookupAt(task, null, name, false);
  if (typeof at === "number") return at;
  bySocketInode.set(at.dentry.inode!, socket);
  return { dentry: at.dentry };
}

/** Nobody answers at the name any more; it stays in the filesystem. */
export function unbindPath({ dentry }: PathBinding, socket: UnixSocket): void {
  const { inode } = dentry;
  if (inode !== null && bySocketInode.get(inode) === socket) bySocketInode.delete(inode);
}

/** Abstract names of one type are apart from those of others (unix_abstract_hash). */
const abstractKey = (name: string, type: number): string => `${type}${name}`;

/** Takes an abstract name ("\0…"). */
export function bindAbstract(ns: NetNamespace, socket: UnixSocket, name: string): number {
  const key = abstractKey(name, socket.type);
  if (ns.abstract.has(key)) return -EADDRINUSE;
  ns.abstract.set(key, socket);
  return 0;
}

/** Gives an abstract name back. */
export function unbindAbstract(ns: NetNamespace, socket: UnixSocket): void {
  const key = abstractKey(socket.name, socket.type);
  if (ns.abstract.get(key) === socket) ns.abstract.delete(key);
}

/** Takes an abstract name that nobody has. */
export function autobind(ns: NetNamespace, socket: UnixSocket): string {
  const start = crypto.getRandomValues(new Uint32Array(1))[0]! % AUTOBIND_NAMES;
  for (let i = 0;; i++) {
    const name = `\0${((start + i) % AUTOBIND_NAMES).toString(16).padStart(5, "0")}`;
    if (bindAbstract(ns, socket, name) === 0) return name;
  }
}

/** The socket of a name, of the type wanted: -ECONNREFUSED if nobody is there, -EPROTOTYPE if it is of another type. */
export function findSocket(
  task: Task | null,
  ns: NetNamespace,
  path: string,
  type: number,
): UnixSocket | number {
  if (path.startsWith("\0")) {
    return (ns.abstract.get(abstractKey(path, type)) as UnixSocket | undefined) ?? -ECONNREFUSED;
  }
  if (task === null) return -EACCES;
  const name = parsePath(path);
  if (typeof name === "number") return name;
  const at = lookupAt(task, null, name, true);
  if (typeof at === "number") return at;
  const inode = at.dentry.inode!;
  const error = permission(credOn(task.cred, at.mount), inode, W_OK);
  if (error < 0) return error;
  const socket = isSock(inode.mode) ? bySocketInode.get(inode) : undefined;
  if (socket === undefined) return -ECONNREFUSED;
  return socket.type === type ? socket : -EPROTOTYPE;
}

/** 0 if a name fits into sun_path. */
export function checkName(path: string): number {
  return nameByteLength(path) > UNIX_PATH_MAX ? -EINVAL : 0;
}
