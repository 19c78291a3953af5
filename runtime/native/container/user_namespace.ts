/** User namespaces that only hold maps: those of id-mapped mounts (man 2 mount_setattr, MOUNT_ATTR_IDMAP). @module */
import { O_RDONLY } from "../../../fs/abi/open.ts";
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import type { IdMappings, Step, SyscallProgram } from "../../program/types.ts";
import type { IdMapping } from "../../spec/types.ts";
import { type Descriptor, makePipe, openPath, type Own, whileOpen, writeAll } from "../ffi/descriptors.ts";
import { thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { spawnProgram } from "../ffi/spawn.ts";
import { waitNow } from "../ffi/wait.ts";
import { awaitByte, FATAL_STEPS } from "../program/protocol.ts";
import { compileTable } from "../table/compile_table.ts";

const lines = (mappings: readonly IdMapping[]): string =>
  mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");

/** Makes one with these maps. It is there as long as its descriptor, or what has been made with that. */
export function makeUserNamespace({ uidMappings, gidMappings }: IdMappings, directory: string): Descriptor {
  const what = "mapping the ids of a mount";
  return whileOpen((own) => {
    const [waiting, go] = makePipe(what).map(own) as [Descriptor, Descriptor];
    const end = { native: "exit_group", args: [0], what } as const;
    const table = compileTable(
      [...awaitByte(waiting.fd, "end"), end],
      FATAL_STEPS,
      thisMachine().architecture,
    );
    const file = own(makeProgramFile(table, directory));
    const child = spawnProgram({
      file,
      name: "umiak-ids",
      cloneFlags: CLONE_NEWUSER,
      descriptors: [waiting.fd],
    });
    try {
      for (const [name, mappings] of [["uid_map", uidMappings], ["gid_map", gidMappings]] as const) {
        try {
          Deno.writeTextFileSync(`/proc/${child.pid}/${name}`, lines(mappings));
        } catch (error) {
          throw new Error(`${what}: ${name}: ${(error as Error).message}`, { cause: error });
        }
      }
      return openPath(`/proc/${child.pid}/ns/user`, O_RDONLY, what);
    } finally {
      writeAll(go.fd, Uint8Array.of(1), what);
      waitNow(child.pidfd.fd);
      child.pidfd.close();
    }
  });
}

const isMappings = (value: unknown): value is IdMappings =>
  typeof value === "object" && value !== null && "uidMappings" in value;

/** A program whose id maps are descriptors of user namespaces. `own` gets what has been made. */
export function withUserNamespaces(program: SyscallProgram, directory: string, own: Own): SyscallProgram {
  const replace = (step: Step): Step => {
    if (!("call" in step) || step.call !== "mount_setattr") return step;
    const args = step.args.map((arg) =>
      typeof arg === "object" && arg !== null && "userns_fd" in arg && isMappings(arg.userns_fd)
        ? { ...arg, userns_fd: own(makeUserNamespace(arg.userns_fd, directory)).fd }
        : arg
    );
    return { ...step, args };
  };
  return { ...program, init: program.init.map(replace) };
}
