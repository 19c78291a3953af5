/**
 * Directories of native containers: `containers/ID` in the store, which go with their containers.
 *
 *     .lock          held by the process that runs the container
 *     rootfs         where its root filesystem is mounted, in its own mount namespace only
 *     upper, work    of the overlay: what the container writes
 *     etc            files that are bound over those of the image
 *     state          its record (runtime/lifecycle/host/state_directory.ts)
 *
 * What a killed process has left, the next run removes, with what still runs in it.
 * @module
 */
import { isAbandoned } from "../../../image/store/file_lock.ts";
import { deleteContainer } from "../../lifecycle/delete.ts";
import { hostContext } from "../../lifecycle/host/mod.ts";
import type { Context } from "../../lifecycle/context.ts";
import { loadBackend } from "../backends.ts";
import { NETWORK_STATE } from "./network.ts";
import { removeAll } from "./remove_all.ts";

const LOCK = ".lock";
const YOUNG_MS = 60_000;

/** The directory of one container. */
export interface ContainerDirectory {
  /** Id of the container. */
  readonly id: string;
  /** Absolute path. */
  readonly path: string;
  /** Operations on it. */
  readonly context: Context;
  /** Removes the container, whatever it does, and the directory. */
  remove(): Promise<void>;
}

function contextIn(directory: string, warn: (message: string) => void): Context {
  return hostContext(`${directory}/state`, loadBackend, { warn, note: () => {} });
}

/** True if the process that has made a directory has ended. One that has no lock yet may be somebody's who has just begun. */
async function isLeft(path: string): Promise<boolean> {
  const { isDirectory, mtime } = await Deno.lstat(path);
  const isOld = mtime !== null && Date.now() - mtime.getTime() > YOUNG_MS;
  return isDirectory && isOld && await isAbandoned(`${path}/${LOCK}`);
}

/** Removes what killed processes have left of containers. */
async function sweep(parent: string): Promise<void> {
  let swept = false;
  for await (const { name } of Deno.readDir(parent)) {
    const path = `${parent}/${name}`;
    try {
      if (!await isLeft(path)) continue;
      await deleteContainer(contextIn(path, () => {}), name, { force: true });
      await removeAll(path);
      swept = true;
    } catch {
      // Somebody else sweeps, or what is there is not this user's.
    }
  }
  if (!swept || Deno.uid() !== 0) return;
  const { cleanUpPrivateNetworks } = await import("../../native/network/mod.ts");
  await cleanUpPrivateNetworks(NETWORK_STATE);
}

/** Makes the directory of a new container, and sweeps. */
export async function makeContainerDirectory(
  storeRoot: string,
  warn: (message: string) => void,
): Promise<ContainerDirectory> {
  const parent = `${storeRoot}/containers`;
  await Deno.mkdir(parent, { recursive: true, mode: 0o700 });
  await sweep(parent);
  const id = Array.from(
    crypto.getRandomValues(new Uint8Array(32)),
    (byte) => byte.toString(16).padStart(2, "0"),
  )
    .join("");
  const path = `${parent}/${id}`;
  await Deno.mkdir(path, { mode: 0o700 });
  const lock = await Deno.open(`${path}/${LOCK}`, { createNew: true, read: true, write: true, mode: 0o600 });
  try {
    await lock.lock(true);
    for (const name of ["rootfs", "upper", "work"]) await Deno.mkdir(`${path}/${name}`, { mode: 0o755 });
  } catch (error) {
    lock.close();
    await Deno.remove(path, { recursive: true }).catch(() => {}); // the next run sweeps
    throw error;
  }
  const context = contextIn(path, warn);
  return {
    ...{ id, path, context },
    remove: async () => {
      try {
        await deleteContainer(context, id, { force: true });
        await removeAll(path);
      } finally {
        lock.close();
      }
    },
  };
}
