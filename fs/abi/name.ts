/**
 * File names are bytes on Linux and strings here. UTF-8 names are plain strings; a byte that is not part of valid UTF-8
 * becomes the lone surrogate U+DC00 + byte (the scheme of PEP 383), so that every name survives the way there and back.
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const of = String.fromCharCode;

/**
 * The string of bytes `from` to `to`, which must all be below 0x80. Eight at a time: a third of what a TextDecoder costs for a
 * file name, and no rope of single characters.
 */
export function asciiName(b: Uint8Array, from: number, to: number): string {
  let name = "";
  let i = from;
  for (; to - i >= 8; i += 8) {
    name += of(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!);
  }
  if (to - i >= 4) {
    name += of(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!);
    i += 4;
  }
  switch (to - i) {
    case 3:
      return name + of(b[i]!, b[i + 1]!, b[i + 2]!);
    case 2:
      return name + of(b[i]!, b[i + 1]!);
    case 1:
      return name + of(b[i]!);
    default:
      return name;
  }
}

/** Bytes to a name; lossless for any bytes. */
export function bytesToName(bytes: Uint8Array): string {
  if (bytes.length <= 256) {
    let any = 0;
    for (let i = 0; i < bytes.length; i++) any |= bytes[i]!;
    if (any < 0x80) return asciiName(bytes, 0, bytes.length);
  }
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

function decodeEscaped(bytes: Uint8Array): string {
  let out = "";
  let i = 0;
  while (i < bytes.length) {
    const length = sequenceLength(bytes, i);
    if (length === 0) {
      out += String.fromCharCode(0xdc00 + bytes[i]!);
      i++;
    } else {
      out += strict.decode(bytes.subarray(i, i + length));
      i += length;
    }
  }
  return out;
}

/** Length of the valid UTF-8 sequence at `i`, or 0. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const b = bytes[i]!;
  if (b < 0x80) return 1;
  const length = b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;
  if (length === 0 || i + length > bytes.length) return 0;
  for (let k = 1; k < length; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return 0;
  const second = bytes[i + 1]!;
  if (b === 0xe0 && second < 0xa0) return 0; // overlong
  if (b === 0xed && second >= 0xa0) return 0; // surrogates
  if (b === 0xf0 && second < 0x90) return 0; // overlong
  if (b === 0xf4 && second >= 0x90) return 0; // above U+10FFFF
  return length;
}

/** A name back to its bytes. A lone surrogate outside U+DC80..U+DCFF becomes U+FFFD, as in TextEncoder. */
export function nameToBytes(name: string): Uint8Array<ArrayBuffer> {
  if (!/[\udc80-\udcff]/.test(name)) return encoder.encode(name);
  const parts: number[] = [];
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c >= 0xd800 && c < 0xdc00 && i + 1 < name.length && (name.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      parts.push(...encoder.encode(name.slice(i, i + 2)));
      i++;
    } else if (c >= 0xdc80 && c <= 0xdcff) parts.push(c - 0xdc00);
    else parts.push(...encoder.encode(name[i]));
  }
  return Uint8Array.from(parts);
}

/** Length of a name in bytes. */
export function nameByteLength(name: string): number {
  let length = 0;
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c < 0x80) length++;
    else if (c < 0x800) length += 2;
    else if (c >= 0xdc80 && c <= 0xdcff && !(i > 0 && (name.charCodeAt(i - 1) & 0xfc00) === 0xd800)) length++;
    else if (c >= 0xd800 && c < 0xe000) {
      length += (name.charCodeAt(i + 1) & 0xfc00) === 0xdc00 && c < 0xdc00 ? (i++, 4) : 3;
    } else length += 3;
  }
  return length;
}
