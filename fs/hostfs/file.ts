/** Open files of the host. @module */
import { EOPNOTSUPP } from "../abi/errno.ts";
import { RegularFile } from "../vfs/open_file.ts";
import { attempt } from "./host_errno.ts";
import type { HostInode } from "./inode.ts";

/** One open host file. The host's own position is remembered, so that reading on needs no seek. */
export class HostFile extends RegularFile {
  #position = 0;

  /** Takes over an open handle of `host`. */
  constructor(readonly host: HostInode, flags: number, readonly handle: Deno.FsFile) {
    super(host, flags);
    host.handles.add(handle);
  }

  #seek(pos: number): void {
    if (pos !== this.#position) this.handle.seekSync(pos, Deno.SeekMode.Start);
    this.#position = pos;
  }

  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    return attempt(() => {
      this.#seek(pos);
      const n = len === 0 ? 0 : this.handle.readSync(buf.subarray(off, off + len)) ?? 0;
      this.#position += n;
      return n;
    });
  }

  protected override writeAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    const n = attempt(() => {
      this.#seek(pos);
      const n = this.handle.writeSync(buf.subarray(off, off + len));
      this.#position += n;
      return n;
    });
    if (n > 0 && pos + n > this.host.size) this.host.size = pos + n;
    return n;
  }

  protected override currentSize(): number {
    const info = attempt(() => this.handle.statSync());
    return typeof info === "number" ? this.host.size : info.size;
  }

  /** See OpenFile. */
  override truncate(size: number): number {
    const error = attempt(() => this.handle.truncateSync(size));
    if (typeof error === "number") return error;
    this.host.size = size;
    return 0;
  }

  /** See OpenFile. The host's fallocate cannot be reached: growing is all that can be done. */
  override allocate(mode: number, offset: number, len: number): number {
    if (mode !== 0) return -EOPNOTSUPP;
    return offset + len > this.currentSize() ? this.truncate(offset + len) : 0;
  }

  /** See OpenFile. */
  override sync(dataOnly: boolean): number {
    return attempt(() => dataOnly ? this.handle.syncDataSync() : this.handle.syncSync()) ?? 0;
  }

  protected override release(): number {
    this.host.handles.delete(this.handle);
    return attempt(() => this.handle.close()) ?? 0;
  }
}
