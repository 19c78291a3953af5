/** Whether the ids that an ordinary user has been granted can be mapped (man 5 subuid, man 1 newuidmap). @module */
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import { readFile } from "../cgroups/files.ts";
import { reasonIn, whileChild } from "./child.ts";
import type { Failure, GrantedIds, IdFacts } from "./facts.ts";

/** Name of a user, by a text of /etc/passwd. */
function nameOf(uid: number, passwd: string): string | undefined {
  return passwd.split("\n").map((line) => line.split(":")).find((fields) => fields[2] === String(uid))?.[0];
}

/** The first range of a user in a text of /etc/subuid: lines of NAME-OR-UID:FIRST:SIZE. */
export function grantedIn(text: string, uid: number, passwd: string): GrantedIds | undefined {
  const names = [String(uid), nameOf(uid, passwd)];
  for (const line of text.split("\n")) {
    const [owner = "", first = "", size = ""] = line.trim().split(":");
    if (!names.includes(owner) || !/^\d+$/.test(first) || !/^[1-9]\d*$/.test(size)) continue;
    return { first: Number(first), size: Number(size) };
  }
  return undefined;
}

function map(tool: string, pid: number, own: number, { first, size }: GrantedIds): Failure {
  try {
    const { success, stderr } = new Deno.Command(tool, {
      args: [pid, 0, own, 1, 1, first, size].map(String),
      ...{ stdin: "null", stdout: "null", stderr: "piped" },
    }).outputSync();
    return success ? undefined : new TextDecoder().decode(stderr).trim() || `${tool} fails`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? `${tool} is not installed` : (error as Error).message;
  }
}

/** Maps them for a child that only waits. */
export function tryIds(uid: number, gid: number, directory: string): IdFacts {
  const passwd = readFile("/etc/passwd") ?? "";
  const uids = grantedIn(readFile("/etc/subuid") ?? "", uid, passwd);
  const gids = grantedIn(readFile("/etc/subgid") ?? "", uid, passwd);
  if (uids === undefined || gids === undefined) {
    return { uids, gids, failure: `/etc/${uids === undefined ? "subuid" : "subgid"} grants this user none` };
  }
  try {
    const failure = whileChild(
      CLONE_NEWUSER,
      directory,
      (pid) => map("newuidmap", pid, uid, uids) ?? map("newgidmap", pid, gid, gids),
    );
    return { uids, gids, failure };
  } catch (error) {
    return { uids, gids, failure: reasonIn(error) };
  }
}
