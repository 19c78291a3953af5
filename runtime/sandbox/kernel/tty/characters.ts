/** Kinds of bytes as the line discipline tells them apart: ASCII and Latin-1, the same in every locale. @module */

/** A control character of ASCII. */
export const isControl = (byte: number): boolean => byte < 32 || byte === 127;

const isUpper = (byte: number): boolean =>
  (byte >= 65 && byte <= 90) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7);
const isLower = (byte: number): boolean => (byte >= 97 && byte <= 122) || (byte >= 0xdf && byte !== 0xf7);

/** Part of a word for VWERASE. */
export const isWord = (byte: number): boolean =>
  isUpper(byte) || isLower(byte) || (byte >= 48 && byte <= 57) || byte === 95;

/** IUCLC. */
export const toLower = (byte: number): number => isUpper(byte) ? byte + 32 : byte;
/** OLCUC. */
export const toUpper = (byte: number): number => isLower(byte) ? byte - 32 : byte;

/** With IUTF8: a byte of a character of UTF-8 behind its first. */
export const isContinuation = (byte: number, iflag: number, iutf8: number): boolean =>
  (iflag & iutf8) !== 0 && (byte & 0xc0) === 0x80;
