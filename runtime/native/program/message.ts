/**
 * What an init and the runtime tell each other. The init writes messages of 16 bytes, two numbers, to its report: an errno and the record that
 * failed, or one of SAYS and a number. The runtime answers with a byte; if it ends instead, so does the init.
 * @module
 */

/** What an init says beside errnos, which are smaller. */
export const SAYS = {
  /** The process that has been made; its number follows. */
  pid: 0x10000,
  /** Its namespaces are there (stage `network`). */
  network: 0x10005,
  /** The environment is there (stage `environment`). */
  environment: 0x10001,
  /** It waits for start (stage `created`). */
  created: 0x10002,
  /** It wants a directory copied, and has sent descriptors of the two. */
  copy: 0x10003,
  /** The listener of its filter has been sent. */
  listener: 0x10004,
} as const;

/** Bytes of a message. */
export const MESSAGE_SIZE = 16;

/** A message. */
export type Message =
  | { readonly failed: number; readonly record: number }
  | { readonly says: number; readonly number: number };

/** Decodes a message. */
export function parseMessage(bytes: Uint8Array<ArrayBuffer>): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const first = Number(view.getBigUint64(0, true)), second = Number(view.getBigUint64(8, true));
  return first >= SAYS.pid ? { says: first, number: second } : { failed: first, record: second };
}
