/** Files whose content belongs to whoever opens them: kernel parameters of a namespace. @module */
import { EINVAL } from "../abi/errno.ts";
import { S_IFREG } from "../abi/mode.ts";
import { bytesToName, nameToBytes } from "../abi/name.ts";
import { type OpenFile, RegularFile } from "../vfs/open_file.ts";
import { PseudoInode, type PseudoSuper } from "./pseudo.ts";

/** What is behind one opening. */
export interface BoundContent {
  /** The content now. */
  read(): string;
  /** Takes what was written at the start of the file, without a final newline. 0 or a negative errno. Absent: cannot be written. */
  write?(text: string): number;
}

/** How such a file is made. */
export interface BoundFileOptions {
  /** Permission bits. */
  readonly mode: number;
  /** A write anywhere but at the start is EINVAL; else it is taken and means nothing. */
  readonly strict?: boolean;
  /** Finds the content for whoever is walking the path now. */
  bind(): BoundContent;
  /** Owner and group for whoever is walking the path now; root by default. */
  owner?(): { readonly uid: number; readonly gid: number };
}

/** See the module's comment. */
export class BoundFile extends PseudoInode {
  /** A file of `sb`. */
  constructor(sb: PseudoSuper, readonly options: BoundFileOptions) {
    super(sb, S_IFREG | options.mode);
  }
  /** See Inode. */
  override refresh(): number {
    const owner = this.options.owner?.();
    if (owner !== undefined) {
      this.uid = owner.uid;
      this.gid = owner.gid;
    }
    return 0;
  }
  /** See Inode. */
  override open(flags: number): OpenFile {
    return new OpenBound(this, flags, this.options.bind());
  }
}

class OpenBound extends RegularFile {
  #bytes: Uint8Array | null = null;

  constructor(inode: BoundFile, flags: number, readonly content: BoundContent) {
    super(inode, flags);
  }
  protected override readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    if (pos === 0 || this.#bytes === null) this.#bytes = nameToBytes(this.content.read());
    const n = Math.max(0, Math.min(len, this.#bytes.length - pos));
    buf.set(this.#bytes.subarray(pos, pos + n), off);
    return n;
  }
  protected override writeAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    if (this.content.write === undefined) return -EINVAL;
    if (pos !== 0) return (this.inode as BoundFile).options.strict ? -EINVAL : len; // only a write at the start sets a parameter (sysctl_writes_strict)
    const error = this.content.write(bytesToName(buf.slice(off, off + len)).replace(/\n$/, ""));
    return error < 0 ? error : len;
  }
  protected override currentSize(): number {
    return 0;
  }
  override truncate(): number {
    return 0;
  }
}
