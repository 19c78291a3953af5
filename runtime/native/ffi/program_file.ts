/** Programs as files that can be executed, and that nobody can change: sealed memfds. @module */
import { EACCES, EINVAL } from "../../../fs/abi/errno.ts";
import { O_RDWR, O_TMPFILE } from "../../../fs/abi/open.ts";
import { DATA_ADDRESS, programFile, slotsOffset } from "../asm/elf.ts";
import { relocate, type Table } from "../table/compile_table.ts";
import { Descriptor, openPath, whileOpen } from "./descriptors.ts";
import { must, sys, thisMachine } from "./kernel.ts";

const MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, SHRINK, GROW, WRITE; and since Linux 6.3 EXEC: nor can its mode be changed. */
const SEALS = 0xf, SEAL_EXEC = 0x20;
/** Read and executed by its owner: who may not read it may not trace the process either. */
const MODE = 0o500;
const WHAT = "making the program of the container's init";

/** A memfd that can be executed; a negative errno if the system does not want them (sysctl vm.memfd_noexec 2). */
function executableMemfd(name: string): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const fd = sys("memfd_create", name, flags | MFD_EXEC);
  return fd === -EINVAL ? sys("memfd_create", name, flags) : fd; // before Linux 6.3
}

function writeParts(fd: number, table: Table): void {
  for (const { offset, bytes } of programFile(thisMachine(), table.bytes, table.slots)) {
    for (let at = 0; at < bytes.length;) {
      at += must(sys("pwrite64", fd, bytes.subarray(at), bytes.length - at, offset + at), WHAT);
    }
  }
}

/** A file without a name in `directory`; its one writer is closed before it is executed (ETXTBSY). */
function unnamedFile(directory: string, table: Table): Descriptor {
  return whileOpen((own) => {
    const { fd } = own(openPath(directory, O_TMPFILE | O_RDWR, WHAT));
    writeParts(fd, table);
    must(sys("fchmod", fd, MODE), WHAT);
    return openPath(`/proc/self/fd/${fd}`, 0, WHAT);
  });
}

/** Makes the file of a table's program. `directory` is where it is made if it cannot be in memory only. */
export function makeProgramFile(table: Table, directory: string): Descriptor {
  relocate(table, BigInt(DATA_ADDRESS), BigInt(DATA_ADDRESS + slotsOffset(table.bytes.length)));
  const fd = executableMemfd("umiak-init");
  if (fd === -EACCES) return unnamedFile(directory, table);
  const file = new Descriptor(must(fd, WHAT));
  try {
    writeParts(file.fd, table);
    must(sys("fchmod", file.fd, MODE), WHAT);
    if (sys("fcntl", file.fd, F_ADD_SEALS, SEALS | SEAL_EXEC) < 0) {
      must(sys("fcntl", file.fd, F_ADD_SEALS, SEALS), WHAT);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
