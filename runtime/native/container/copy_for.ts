/** Copies that an init asks for: it sends descriptors of the two directories. Nobody may take them from a process that is hidden. @module */
import { type Descriptor, whileOpen } from "../ffi/descriptors.ts";
import { receiveDescriptors } from "../ffi/unix_sockets.ts";
import { copyTree } from "./copy_tree.ts";

/** Copies between two directories that have been sent. */
export function copyFor(socket: Descriptor, id: string): void {
  const what = `container ${JSON.stringify(id)}: copying what a mount covers`;
  whileOpen((own) => {
    const [from, to] = receiveDescriptors(socket, 2, what).map(own);
    copyTree(from!.fd, to!.fd, what);
  });
}
