/** Sockets as open files: what preview1's sock_* (and later personalities) call. @module */
import { EINVAL, ENOTCONN } from "../../../fs/abi/errno.ts";
import { O_RDWR } from "../../../fs/abi/open.ts";
import { Inode, type SuperBlock } from "../../../fs/vfs/inode.ts";
import { S_IFSOCK } from "../../../fs/abi/mode.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";

/** recv: look, do not take (man 2 recv). */
export const MSG_PEEK = 0x2;
/** recv: wait for the full length. */
export const MSG_WAITALL = 0x100;
/** shutdown: no more receives. */
export const SHUT_RD = 0;
/** shutdown: no more sends. */
export const SHUT_WR = 1;
/** shutdown: neither. */
export const SHUT_RDWR = 2;

/** The inode of a socket: it has no place in the tree (sockfs). */
export class SocketInode extends Inode {
  /** A socket inode with a number of its own. */
  constructor(sb: SuperBlock, ino: number) {
    super(sb, ino, S_IFSOCK | 0o777);
  }
}

/** An open socket. read and write are recv and send without flags. */
export abstract class SocketFile extends OpenFile {
  /** A socket, opened for both directions; `flags` are O_NONBLOCK or 0. */
  constructor(inode: Inode, flags: number) {
    super(inode, O_RDWR | flags);
  }

  /** Takes a connection from a listening socket; -EAGAIN if there is none, -EINVAL if it does not listen. */
  accept(_flags: number): SocketFile | number {
    return -EINVAL;
  }
  /** Receives up to `len` bytes with MSG_* flags; 0 at the end of the stream, -EAGAIN. */
  abstract recv(buf: Uint8Array, off: number, len: number, flags: number): number;
  /** Sends up to `len` bytes; -EAGAIN when there is no room, -EPIPE after the other end is gone. */
  abstract send(buf: Uint8Array, off: number, len: number): number;
  /** Ends one or both directions (SHUT_*). */
  shutdown(_how: number): number {
    return -ENOTCONN;
  }

  /** See OpenFile. */
  override read(buf: Uint8Array, off: number, len: number): number {
    return this.recv(buf, off, len, 0);
  }
  /** See OpenFile. */
  override write(buf: Uint8Array, off: number, len: number): number {
    return this.send(buf, off, len);
  }
}
