/** The process: limits, identity, capabilities, directory, program (config.md#process). @module */
import { ENOENT } from "../../fs/abi/errno.ts";
import { AT_FDCWD, F_OK, O_CLOEXEC, O_DIRECTORY, O_PATH } from "../../fs/abi/open.ts";
import { CAP_LAST, capabilityNumber } from "../abi/linux/capability.ts";
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
} from "../abi/linux/prctl.ts";
import { RLIMIT } from "../abi/linux/rlimit.ts";
import type { Capabilities, Process, Seccomp } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { compileScheduling } from "./compile_scheduling.ts";
import { compileSeccomp } from "./compile_seccomp.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_UMASK = 0o022;

const RLIM_INFINITY = 2n ** 64n - 1n;

/** Numbers of those capabilities that exist; the others have been warned about (config.md#linux-process). */
const numbers = (names: readonly string[]): number[] =>
  names.map(capabilityNumber).filter((number) => number !== undefined).sort((x, y) => x - y);

function limitValue(limit: bigint): number | bigint | null {
  if (limit === RLIM_INFINITY) return null;
  return limit <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(limit) : limit;
}

function dropBounding(b: ProgramBuilder, capabilities: Capabilities): void {
  const kept = new Set(numbers(capabilities.bounding));
  for (let cap = 0; cap <= CAP_LAST; cap++) {
    if (!kept.has(cap)) {
      b.call("prctl", [PR_CAPBSET_DROP, cap], "dropping capabilities", { spec: "config.md#process" });
    }
  }
}

function setCapabilities(b: ProgramBuilder, capabilities: Capabilities): void {
  const { effective, permitted, inheritable, ambient } = capabilities;
  const sets = {
    effective: numbers(effective),
    permitted: numbers(permitted),
    inheritable: numbers(inheritable),
  };
  b.call("capset", [0, sets], "setting capabilities", { spec: "config.md#process" });
  // Others cannot be granted (man 7 capabilities), which is no failure (config.md#linux-process): runc's own default asks for some.
  const possible = new Set(permitted.filter((name) => inheritable.includes(name)));
  for (const cap of numbers(ambient.filter((name) => possible.has(name)))) {
    b.call("prctl", [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap], "raising ambient capabilities");
  }
}

/** A process whose capabilities nobody says has none. */
const NONE: Capabilities = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };

/** Everything between the root filesystem and execve, with the filter of a process that may still gain privileges. */
export function compileIdentity(b: ProgramBuilder, process: Process, filter?: Seccomp): void {
  const { user, capabilities = NONE, rlimits } = process;
  compileScheduling(b, process);
  for (const { type, soft, hard } of rlimits) {
    const limit = { rlim_cur: limitValue(soft), rlim_max: limitValue(hard) };
    b.call("prlimit64", [0, RLIMIT[type as keyof typeof RLIMIT], limit], `setting ${type}`, {
      spec: "config.md#posix-process",
    });
  }
  // Without no_new_privs a filter wants CAP_SYS_ADMIN (man 2 seccomp).
  if (!process.noNewPrivileges) compileSeccomp(b, filter);
  dropBounding(b, capabilities);
  b.call("prctl", [PR_SET_KEEPCAPS, 1], "keeping capabilities");
  b.call("setgroups", [user.additionalGids], "setting groups", { spec: "config.md#posix-platform-user" });
  b.call("setresgid", [user.gid, user.gid, user.gid], `setting the group id ${user.gid}`);
  b.call("setresuid", [user.uid, user.uid, user.uid], `setting the user id ${user.uid}`);
  b.call("prctl", [PR_SET_KEEPCAPS, 0], "keeping capabilities");
  setCapabilities(b, capabilities);
  if (process.noNewPrivileges) b.call("prctl", [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], "setting no_new_privs");
  b.call("umask", [user.umask ?? DEFAULT_UMASK], "setting the umask");
  b.call("chdir", [process.cwd], `changing to the working directory ${process.cwd}`, {
    spec: "config.md#process",
  });
}

function pathOf(env: readonly string[]): string {
  return env.findLast((entry) => entry.startsWith("PATH="))?.slice(5) ?? DEFAULT_PATH;
}

/** execve, after a search of PATH when the name has no slash (man 3 execvp). A directory of that name is not a program. */
export function compileExec(b: ProgramBuilder, process: Process): void {
  const name = process.args[0]!;
  const what = `executing ${JSON.stringify(name)}`;
  if (name.includes("/")) {
    b.call("execve", [name, process.args, process.env], what, { spec: "config.md#process" });
    return;
  }
  for (const dir of name === "" ? [] : pathOf(process.env).split(":")) {
    const path = `${dir === "" ? "." : dir}/${name}`;
    const file = b.newLabel("file"), next = b.newLabel("next");
    const how = { flags: O_PATH | O_DIRECTORY | O_CLOEXEC, mode: 0, resolve: 0 };
    const directory = b.call("openat2", [AT_FDCWD, path, how], what, { keep: "fd", onError: file });
    b.call("close", [directory], what);
    b.jump(next);
    b.label(file);
    b.call("faccessat2", [AT_FDCWD, path, F_OK, 0], what, { onError: next });
    b.call("execve", [path, process.args, process.env], what, { spec: "config.md#process" });
    b.label(next);
  }
  b.steps.push({
    fail: ENOENT,
    what: `${what}: executable file not found in $PATH (${pathOf(process.env)})`,
  });
}
