/** Tar header blocks: ustar (POSIX.1-1988), GNU and v7. @module */
import { bytesToName } from "../../fs/abi/name.ts";
import { TarError } from "./tar_entry.ts";

/** Size of a header and of the unit data is padded to. */
export const BLOCK = 512;

/** The fields of a block as they stand in it. */
export interface RawHeader {
  /** Name, the ustar prefix included. */
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  /** Type flag, one character. */
  readonly flag: string;
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
  /** GNU's dialect ("ustar  "). */
  readonly gnu: boolean;
}

/** Bytes up to the first NUL, as a name. */
function text(block: Uint8Array, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return bytesToName(block.subarray(start, end));
}

/** A number: octal digits, or base 256 when the first bit is set (two's complement in the bits that are left). */
export function tarNumber(
  block: Uint8Array,
  start: number,
  length: number,
  what: string,
  position: number,
): number {
  const first = block[start]!;
  if ((first & 0x80) !== 0) {
    const negative = (first & 0x40) !== 0;
    let value = negative ? (first & 0x7f) - 128 : first & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + block[start + i]!;
    if (!Number.isSafeInteger(value)) throw new TarError(position, `its ${what} is out of range`);
    return value;
  }
  let i = start;
  const end = start + length;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = block[i]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; i < end; i++) {
    if (block[i] !== 0x20 && block[i] !== 0) {
      throw new TarError(position, `its ${what} is not an octal number`);
    }
  }
  return value;
}

/** True for a block of zeros. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < BLOCK; i++) if (block[i] !== 0) return false;
  return true;
}

const CHECKSUM_AT = 148, CHECKSUM_LENGTH = 8;

/** Checks the sum, which some old writers made of signed bytes. */
function checkSum(block: Uint8Array, position: number): void {
  const stated = tarNumber(block, CHECKSUM_AT, CHECKSUM_LENGTH, "checksum", position);
  let unsigned = 0, signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_LENGTH ? 0x20 : block[i]!;
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 256;
  }
  if (stated !== unsigned && stated !== signed) {
    throw new TarError(
      position,
      `header checksum is ${unsigned}, the header says ${stated}: not a tar archive, or damaged`,
    );
  }
}

/** Reads one header block at `position` of the archive. */
export function decodeHeader(block: Uint8Array, position: number): RawHeader {
  checkSum(block, position);
  const magic = String.fromCharCode(...block.subarray(257, 263));
  const gnu = magic === "ustar ";
  const posix = magic === "ustar\0";
  const prefix = posix ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  const size = tarNumber(block, 124, 12, "size", position);
  if (size < 0) throw new TarError(position, "its size is negative");
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: tarNumber(block, 100, 8, "mode", position),
    uid: tarNumber(block, 108, 8, "uid", position),
    gid: tarNumber(block, 116, 8, "gid", position),
    size,
    mtime: tarNumber(block, 136, 12, "mtime", position),
    flag: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
    linkname: text(block, 157, 100),
    devmajor: gnu || posix ? tarNumber(block, 329, 8, "device number", position) : 0,
    devminor: gnu || posix ? tarNumber(block, 337, 8, "device number", position) : 0,
    gnu,
  };
}
