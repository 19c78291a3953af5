/** A kernel of recorded answers. @module */
import type { Transport } from "../conversation.ts";

/** Gives the answers one after the other, each to whatever it is asked; then there are none. */
export function recordedKernel(
  answers: readonly Uint8Array[],
): { transport: Transport; sent: Uint8Array[] } {
  const sent: Uint8Array[] = [], left = [...answers];
  const transport: Transport = {
    send: (datagram) => void sent.push(datagram),
    receive: () => left.shift(),
    close: () => {},
  };
  return { transport, sent };
}

/** A datagram whose messages answer request `sequence`. */
export function answering(datagram: Uint8Array, sequence: number): Uint8Array {
  const copy = datagram.slice(), view = new DataView(copy.buffer);
  for (let at = 0; at + 16 <= copy.length; at += Math.max(16, view.getUint32(at, true) + 3 & ~3)) {
    view.setUint32(at + 8, sequence, true);
  }
  return copy;
}
