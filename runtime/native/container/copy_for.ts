/** Copies that an init asks for: it sends descriptors of the two directories. Nobody may take them from a process that is hidden. @module */
import type { CreateRequest } from "../../lifecycle/backend.ts";
import { type Descriptor, whileOpenAsync } from "../ffi/descriptors.ts";
import { receiveDescriptors } from "../ffi/unix_sockets.ts";
import { copyTree } from "./copy_tree.ts";

/** Copies between two directories that the init of a container has sent. */
export async function copyFor(
  socket: Descriptor,
  { id, spec, directory }: CreateRequest,
  init: number,
): Promise<void> {
  const what = `container ${JSON.stringify(id)}: copying what a mount covers`;
  await whileOpenAsync(async (own) => {
    const [from, to] = receiveDescriptors(socket, 2, what).map(own);
    if (!spec.linux.namespaces.some(({ type }) => type === "user")) return copyTree(from!.fd, to!.fd, what);
    const { copyInside } = await import("./copy_inside.ts");
    await copyInside(from!.fd, to!.fd, init, directory, what);
  });
}
