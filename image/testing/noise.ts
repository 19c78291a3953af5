/** Content for tests. @module */

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) bytes[i] = (x = Math.imul(x, 1103515245) + 12345) >>> 16;
  return bytes;
}
