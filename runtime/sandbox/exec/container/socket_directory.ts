/** The directory of the sockets of a container's host process. @module */
import type { Container } from "../../../lifecycle/backend.ts";

/** Removes a directory of sockets that is not the container's own. */
export function removeSockets(sockets: string, directory: string): void {
  if (sockets === directory) return;
  try {
    Deno.removeSync(sockets, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Where the sockets of a container that has been created are. */
export function socketsOf({ record, directory }: Container): string {
  const { sockets } = record.data;
  return typeof sockets === "string" ? sockets : directory;
}

/** Is it hosted by another container's process? */
export const isMember = ({ record }: Container): boolean => typeof record.data.pod === "string";
