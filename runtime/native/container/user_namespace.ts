/** User namespaces that only hold maps: those of id-mapped mounts (man 2 mount_setattr, MOUNT_ATTR_IDMAP). @module */
import { O_RDONLY } from "../../../fs/abi/open.ts";
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import type { CallStep, IdMappings, MountAttr, Step, SyscallProgram } from "../../program/types.ts";
import type { IdMapping } from "../../spec/types.ts";
import { Descriptor, makePipe, openPath, type Own, whileOpen, writeAll } from "../ffi/descriptors.ts";
import { must, sys, thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { spawnProgram } from "../ffi/spawn.ts";
import { waitNow } from "../ffi/wait.ts";
import { awaitByte, FATAL_STEPS } from "../program/protocol.ts";
import { compileTable } from "../table/compile_table.ts";
import { mountAttrBytes, struct } from "../table/structs.ts";

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

/** The maps that a step gives to a mount. */
function mapsOf(step: Step): IdMappings | undefined {
  if (!("call" in step) || step.call !== "mount_setattr") return undefined;
  const attr = step.args[3];
  return typeof attr === "object" && attr !== null && "userns_fd" in attr && isMappings(attr.userns_fd)
    ? attr.userns_fd
    : undefined;
}

/** A step with a descriptor in the place of maps. */
const withDescriptor = (step: CallStep, fd: number): CallStep => ({
  ...step,
  args: step.args.map((arg) =>
    typeof arg === "object" && arg !== null && "userns_fd" in arg ? { ...arg, userns_fd: fd } : arg
  ),
});

/** A step that has a descriptor for a result of an earlier one. */
const withResult = (step: Step, name: string, fd: number): Step =>
  !("call" in step) ? step : {
    ...step,
    args: step.args.map((arg) =>
      typeof arg === "object" && arg !== null && "ref" in arg && arg.ref === name ? fd : arg
    ),
  };

/**
 * Makes the mount of a step that maps the ids of a bind's source. Only who is privileged where that filesystem has been mounted may (man 2
 * mount_setattr), which the root of a new user namespace is not. Undefined if the mount is of a filesystem of the container's own.
 */
function mapHere(
  steps: readonly Step[],
  at: number,
  userns: number,
): { name: string; fd: Descriptor } | undefined {
  const step = steps[at] as CallStep, [tree, , flags, attr] = step.args;
  if (typeof tree !== "object" || tree === null || !("ref" in tree)) return undefined;
  const opened = steps.slice(0, at).findLast((each): each is CallStep =>
    "call" in each && each.result === tree.ref
  );
  if (opened?.call !== "open_tree") return undefined;
  const [directory, source, how] = opened.args as [number, string, number];
  const fd = new Descriptor(must(sys("open_tree", directory, source, how), opened.what));
  try {
    const bytes = struct(32);
    bytes.set(mountAttrBytes(attr as MountAttr, userns));
    must(sys("mount_setattr", fd.fd, "", flags as number, bytes, bytes.length), step.what);
    return { name: tree.ref, fd };
  } catch (error) {
    fd.close();
    throw error;
  }
}

/**
 * A program whose id maps are descriptors of user namespaces. `own` gets what has been made. `inside`: the init is in a user namespace of its own,
 * and gets binds whose ids are mapped already.
 */
export function withUserNamespaces(
  program: SyscallProgram,
  directory: string,
  inside: boolean,
  own: Own,
): SyscallProgram {
  let init: readonly Step[] = program.init;
  for (let at = 0; at < init.length; at++) {
    const maps = mapsOf(init[at]!);
    if (maps === undefined) continue;
    const userns = own(makeUserNamespace(maps, directory));
    const made = inside ? mapHere(init, at, userns.fd) : undefined;
    if (made === undefined) {
      init = init.with(at, withDescriptor(init[at] as CallStep, userns.fd));
      continue;
    }
    const { name } = made, { fd } = own(made.fd);
    init = init.filter((step, i) => i !== at && !("call" in step && step.result === name))
      .map((step) => withResult(step, name, fd));
    at = -1; // no step that has been seen has maps any more
  }
  return { ...program, init };
}
