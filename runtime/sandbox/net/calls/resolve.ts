/** Names of hosts to addresses, as getaddrinfo(3) finds them: /etc/hosts of the process, then the namespace's name service. @module */
import { ENOENT } from "../../../../fs/abi/errno.ts";
import { isReg } from "../../../../fs/abi/mode.ts";
import { O_NONBLOCK, O_RDONLY } from "../../../../fs/abi/open.ts";
import { openAt } from "../../../../fs/vfs/open.ts";
import { parsePath, type PathName } from "../../../../fs/vfs/path_name.ts";
import type { Task } from "../../kernel/task.ts";
import { netOf } from "../create.ts";
import { plainName } from "../egress/rules.ts";
import { type Ip, LOOPBACK4, LOOPBACK6, parseIp } from "../ip.ts";

/** Most bytes of /etc/hosts that are read. */
const HOSTS_MAX = 1024 * 1024;

/** The text of /etc/hosts as the task sees it; "" if there is none. */
function hostsText(task: Task): string {
  const file = openAt(task, null, parsePath("/etc/hosts") as PathName, O_RDONLY | O_NONBLOCK, 0);
  if (typeof file === "number") return "";
  try {
    if (!isReg(file.inode.mode)) return "";
    const bytes = new Uint8Array(Math.min(file.inode.size, HOSTS_MAX));
    const n = file.pread(bytes, 0, bytes.length, 0);
    return new TextDecoder().decode(bytes.subarray(0, Math.max(n, 0)));
  } finally {
    file.close();
  }
}

/** Addresses of a name in the text of a hosts(5) file. */
export function lookupHosts(text: string, name: string, family: 4 | 6): Ip[] {
  const found: Ip[] = [];
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!names.some((each) => plainName(each) === name)) continue;
    const ip = parseIp(address);
    if (ip?.length === (family === 4 ? 4 : 16)) found.push(ip);
  }
  return found;
}

/** Addresses of a name or of an address written out: -ENOENT for no such name, -EACCES where a policy forbids it, -EAGAIN for no answer. */
export async function resolveName(task: Task, given: string, family: 4 | 6): Promise<readonly Ip[] | number> {
  const name = plainName(given);
  const literal = parseIp(name);
  if (literal !== undefined) return literal.length === (family === 4 ? 4 : 16) ? [literal] : -ENOENT;
  const own = lookupHosts(hostsText(task), name, family);
  if (own.length > 0) return own;
  if (name === "localhost" || name.endsWith(".localhost")) return [family === 4 ? LOOPBACK4 : LOOPBACK6]; // RFC 6761, section 6.3
  if (name === plainName(task.nsproxy.uts.hostname)) return family === 4 ? [LOOPBACK4] : [];
  return await netOf(task).names?.lookup(name, family) ?? -ENOENT;
}
