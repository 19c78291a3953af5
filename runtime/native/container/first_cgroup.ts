/** The cgroup that an init begins in, where cgroups of version 2 are alone: no process has to be moved then, which makes all others wait. @module */
import type { CreateRequest } from "../../lifecycle/backend.ts";
import { O_DIRECTORY } from "../../../fs/abi/open.ts";
import { makeCgroups } from "../cgroups/driver.ts";
import { type CgroupHost, readHost } from "../cgroups/hosts.ts";
import { enterCgroups } from "../cgroups/members.ts";
import { directoryOf, readNote } from "../cgroups/note.ts";
import { type Descriptor, openPath } from "../ffi/descriptors.ts";
import { type Child, spawnProgram, type SpawnRequest } from "../ffi/spawn.ts";

/** A container's cgroups, as far as they are made before its init. */
export interface FirstCgroup {
  /** They are made. */
  readonly made: boolean;
  /** The one that the init can begin in. */
  readonly cgroup?: Descriptor;
  /** The hierarchies, if they are not made. */
  readonly host?: CgroupHost;
}

/** Makes a container's cgroups before its init, where that is of use. */
export function makeFirst(request: CreateRequest): FirstCgroup {
  const host = readHost();
  if (host.mode !== "unified") return { made: false, host };
  makeCgroups(request, host);
  const note = readNote(request.directory), path = note === undefined ? undefined : directoryOf(note, "");
  // Where other hierarchies are left, the init is to be put into those, too.
  if (path === undefined || note!.cgroups.length > 1) return { made: true };
  return { made: true, cgroup: openPath(path, O_DIRECTORY, `opening the cgroup ${path}`) };
}

/** Starts a program, in a cgroup if it can be. */
export function spawnIn({ cgroup }: FirstCgroup, request: SpawnRequest): { child: Child; inside: boolean } {
  if (cgroup !== undefined) {
    try {
      return { child: spawnProgram({ ...request, cgroup: cgroup.fd }), inside: true };
    } catch {
      // No more tasks may begin there, say. One that is there already may be put into it; or that says why not.
    }
  }
  return { child: spawnProgram(request), inside: false };
}

/** What is left to do when the init is there. */
export function placeInit(
  { made, host }: FirstCgroup,
  inside: boolean,
  request: CreateRequest,
  pid: number,
): void {
  if (!made) makeCgroups(request, host);
  if (!inside) enterCgroups(request.directory, pid);
}
