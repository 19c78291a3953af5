/** Drivers of the memory devices (man 4 null, full, random). Terminals are the kernel's. @module */
import { makedev } from "../abi/device.ts";
import { ENOSPC } from "../abi/errno.ts";
import type { Inode } from "../vfs/inode.ts";
import type { DeviceDriver, DeviceRegistry } from "../vfs/device.ts";
import { OpenFile } from "../vfs/open_file.ts";

/** Most bytes that the host's generator gives at once (crypto.getRandomValues). */
const RANDOM_CHUNK = 65536;

/** A device that answers at once: positions mean nothing, seeking always succeeds (man 4 null). */
abstract class MemoryDevice extends OpenFile {
  override pread(buf: Uint8Array, off: number, len: number): number {
    return this.read(buf, off, len);
  }
  override pwrite(buf: Uint8Array, off: number, len: number): number {
    return this.write(buf, off, len);
  }
  override write(_buf: Uint8Array, _off: number, len: number): number {
    return len;
  }
  override seek(): number {
    return 0;
  }
}

class NullFile extends MemoryDevice {
  override read(): number {
    return 0;
  }
}

class ZeroFile extends MemoryDevice {
  override read(buf: Uint8Array, off: number, len: number): number {
    buf.fill(0, off, off + len);
    return len;
  }
}

class FullFile extends ZeroFile {
  override write(): number {
    return -ENOSPC;
  }
}

class RandomFile extends MemoryDevice {
  constructor(inode: Inode, flags: number, readonly fillRandom: (bytes: Uint8Array) => void) {
    super(inode, flags);
  }
  override read(buf: Uint8Array, off: number, len: number): number {
    for (let done = 0; done < len; done += RANDOM_CHUNK) {
      this.fillRandom(buf.subarray(off + done, off + Math.min(done + RANDOM_CHUNK, len)));
    }
    return len;
  }
}

/** What the devices need from outside. */
export interface DeviceHost {
  /** Fills at most 65536 bytes with random data. */
  readonly fillRandom: (bytes: Uint8Array) => void;
}

/** Registers null, zero, full, random and urandom. */
export function registerDevices(registry: DeviceRegistry, host: DeviceHost): void {
  const device = (major: number, minor: number, open: DeviceDriver["open"]): void =>
    registry.register("c", makedev(major, minor), { open });
  device(1, 3, (inode, flags) => new NullFile(inode, flags));
  device(1, 5, (inode, flags) => new ZeroFile(inode, flags));
  device(1, 7, (inode, flags) => new FullFile(inode, flags));
  for (const minor of [8, 9]) {
    device(1, minor, (inode, flags) => new RandomFile(inode, flags, host.fillRandom));
  }
}
