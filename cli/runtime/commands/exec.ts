/** `umiak-runtime exec`. @module */
import { shellStatus } from "../../../runtime/abi/linux/wait_status.ts";
import { setHostCommand } from "../../../runtime/engine/host_process.ts";
import { containerOf, readContainer } from "../../../runtime/lifecycle/context.ts";
import { exec } from "../../../runtime/lifecycle/exec.ts";
import { parseProcess } from "../../../runtime/spec/decode_process.ts";
import type { Process, User } from "../../../runtime/spec/process_types.ts";
import type { Parsed } from "../../parser.ts";
import { descriptorsToPass, writePidFile } from "../caller.ts";
import { selfCommand } from "../self.ts";
import type { Runtime } from "../runtime.ts";

/** Exit code when there is no process whose status it could be. */
const FAILED = 255;

function userOf(parsed: Parsed, own: User): User {
  const text = parsed.value("user");
  const gids = parsed.values("additional-gids").map((gid) => {
    if (!/^\d+$/.test(gid)) throw parsed.error(`--additional-gids: ${JSON.stringify(gid)} is not a group id`);
    return Number(gid);
  });
  const additionalGids = [...own.additionalGids, ...gids];
  if (text === undefined) return { ...own, additionalGids };
  const match = /^(\d+)(?::(\d+))?$/.exec(text);
  if (match === null) throw parsed.error(`--user: ${JSON.stringify(text)} is not UID[:GID]`);
  return {
    ...own,
    uid: Number(match[1]),
    gid: match[2] === undefined ? own.gid : Number(match[2]),
    additionalGids,
  };
}

/** The container's process, with what the options say in place of its own. */
function fromOptions(parsed: Parsed, base: Process | undefined, args: readonly string[]): Process {
  if (args.length === 0) throw parsed.error("a program, or --process, is required");
  const own: Process = base ?? parseProcess(JSON.stringify({ cwd: "/", args }));
  const { consoleSize: _size, ...rest } = own;
  const caps = parsed.values("cap");
  const add = (set: readonly string[] = []): string[] => [...new Set([...set, ...caps])];
  const { capabilities } = own, label = parsed.value("process-label"), profile = parsed.value("apparmor");
  return {
    ...rest,
    args,
    terminal: parsed.has("tty"),
    cwd: parsed.value("cwd") ?? own.cwd,
    env: [...own.env, ...parsed.values("env")],
    user: userOf(parsed, own.user),
    noNewPrivileges: parsed.has("no-new-privs") || own.noNewPrivileges,
    ...caps.length === 0 ? {} : {
      capabilities: {
        bounding: add(capabilities?.bounding),
        effective: add(capabilities?.effective),
        permitted: add(capabilities?.permitted),
        inheritable: capabilities?.inheritable ?? [], // never by --cap: files could gain them (CVE-2022-29162)
        ambient: capabilities?.ambient ?? [],
      },
    },
    ...label === undefined ? {} : { selinuxLabel: label },
    ...profile === undefined ? {} : { apparmorProfile: profile },
  };
}

async function execIn(parsed: Parsed, { context }: Runtime): Promise<number> {
  const [id = "", ...args] = parsed.args;
  const file = parsed.value("process"), consoleSocket = parsed.value("console-socket");
  const pidfdSocket = parsed.value("pidfd-socket");
  const process = file === undefined
    ? fromOptions(parsed, (await containerOf(readContainer(context, id)).spec()).process, args)
    : parseProcess(Deno.readTextFileSync(file), file);
  setHostCommand(selfCommand());
  const detached = parsed.has("detach");
  const started = await exec(context, id, process, {
    ...consoleSocket === undefined ? {} : { consoleSocket },
    ...pidfdSocket === undefined ? {} : { pidfdSocket },
    preserveFds: descriptorsToPass(parsed),
    detached,
    cgroup: parsed.value("cgroup") ?? "",
    ignorePaused: parsed.has("ignore-paused"),
  });
  const pidFile = parsed.value("pid-file");
  if (pidFile !== undefined) writePidFile(pidFile, started.pid);
  return detached ? 0 : shellStatus(await started.wait());
}

/** Runs another program in a container. The exit code is the program's, or 255. */
export async function execCommand(parsed: Parsed, runtime: Runtime): Promise<number> {
  try {
    return await execIn(parsed, runtime);
  } catch (error) {
    throw Object.assign(error as Error, { exitCode: FAILED });
  }
}
