/** A copy that an init asks for: its descriptors are borrowed (man 2 pidfd_getfd). @module */
import { Descriptor, whileOpen } from "../ffi/descriptors.ts";
import { must, sys } from "../ffi/kernel.ts";
import type { Child } from "../ffi/spawn.ts";
import { copyTree } from "./copy_tree.ts";

/** Copies between the two directories that a message names. */
export function copyFor(child: Child, numbers: number, id: string): void {
  const what = `container ${JSON.stringify(id)}: copying what a mount covers`;
  whileOpen((own) => {
    const borrow = (fd: number): number =>
      own(new Descriptor(must(sys("pidfd_getfd", child.pidfd.fd, fd, 0), what))).fd;
    copyTree(borrow(numbers % 2 ** 32), borrow(Math.floor(numbers / 2 ** 32)), what);
  });
}
