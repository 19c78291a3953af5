/** execve(2): from a path to a loaded program in the same task. @module */
import { EACCES, ELOOP, ENOEXEC, EPERM } from "../../../fs/abi/errno.ts";
import { isReg } from "../../../fs/abi/mode.ts";
import { MOUNT_ATTR_NOEXEC } from "../../../fs/abi/mount.ts";
import { bytesToName } from "../../../fs/abi/name.ts";
import { O_RDONLY, X_OK } from "../../../fs/abi/open.ts";
import { credOn, openAt, parsePath, permission } from "../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { BinaryFormat, LoadedImage } from "./binfmt.ts";
import { commOf } from "./comm.ts";
import { commitExecCredentials } from "./commit_cred.ts";
import { credentialsAfterExec } from "./exec_cred.ts";
import { mayExecute } from "./process_limit.ts";
import type { Task } from "./task.ts";

/** Bytes of a file that decide its format (BINPRM_BUF_SIZE). */
const HEADER_SIZE = 256;
/** Scripts whose interpreter is a script … at most this deep (man 2 execve, ELOOP). */
const MAX_INTERPRETERS = 4;

interface Found {
  readonly file: OpenFile;
  readonly format: BinaryFormat;
  readonly argv: readonly string[];
}

/** The interpreter line of a script: the interpreter and its one optional argument (man 2 execve, "Interpreter scripts"). */
function interpreterOf(header: Uint8Array): [string, ...string[]] | undefined {
  if (header[0] !== 0x23 || header[1] !== 0x21) return undefined;
  const end = header.indexOf(0x0a);
  const line = bytesToName(header.subarray(2, end < 0 ? header.length : end)).replace(/^[ \t]+|[ \t]+$/g, "");
  const match = /^([^ \t]+)(?:[ \t]+(.*))?$/.exec(line);
  if (match === null) return undefined;
  return match[2] === undefined ? [match[1]!] : [match[1]!, match[2]];
}

/**
 * Finds the file and the format that runs it. A WebAssembly module needs read permission only; everything else the execute
 * bit, as on Linux.
 */
function find(task: Task, path: string, argv: readonly string[], depth: number): Found | number {
  if (depth > MAX_INTERPRETERS) return -ELOOP;
  const name = parsePath(path);
  if (typeof name === "number") return name;
  const file = openAt(task, null, name, O_RDONLY, 0);
  if (typeof file === "number") return file;
  const found = identify(task, file, path, argv, depth);
  if (typeof found === "number" || found.file !== file) file.close();
  return found;
}

function identify(
  task: Task,
  file: OpenFile,
  path: string,
  argv: readonly string[],
  depth: number,
): Found | number {
  task.execMessage = "";
  if (!isReg(file.inode.mode)) return -EACCES;
  if ((file.mount!.flags & MOUNT_ATTR_NOEXEC) !== 0) {
    task.execMessage = "it is on a filesystem mounted noexec";
    return -EACCES;
  }
  const buffer = new Uint8Array(HEADER_SIZE);
  const n = file.pread(buffer, 0, HEADER_SIZE, 0);
  if (n < 0) return n;
  const header = buffer.subarray(0, n);
  const format = task.kernel.formats.find((f) => f.probe(header));
  if (format !== undefined) return { file, format, argv };
  const denied = permission(credOn(task.cred, file.mount), file.inode, X_OK);
  if (denied < 0) return denied;
  const interpreter = interpreterOf(header);
  if (interpreter === undefined) {
    task.execMessage = describe(header);
    return -ENOEXEC;
  }
  const found = find(task, interpreter[0], [...interpreter, path, ...argv.slice(1)], depth + 1);
  if (typeof found === "number") task.execMessage ||= `its interpreter ${interpreter[0]} cannot be executed`;
  return found;
}

/** What a file that no format knows seems to be: for the error message. */
function describe(header: Uint8Array): string {
  if (header.length === 0) return "it is an empty file, not a WebAssembly module";
  const elf = header[0] === 0x7f && header[1] === 0x45 && header[2] === 0x4c && header[3] === 0x46;
  return elf ? "it is an ELF binary, not a WebAssembly module" : "it is not a WebAssembly module";
}

/**
 * execve(2) by a running program: 0, and the new program runs once the old one has ended (see runTask), or a negative errno.
 */
export async function execInPlace(
  task: Task,
  path: string,
  argv: readonly string[],
  envp: readonly string[],
): Promise<number> {
  const image = await execve(task, path, argv, envp);
  if (typeof image === "number") return image;
  task.nextImage = image;
  return 0;
}

/**
 * Makes `path` the task's program. The loaded image, to be run by whoever called, or a negative errno with the reason in
 * `task.execMessage`. A failure leaves the task as it was.
 */
export async function execve(
  task: Task,
  path: string,
  argv: readonly string[],
  envp: readonly string[],
): Promise<LoadedImage | number> {
  task.execMessage = "";
  const limited = mayExecute(task);
  if (limited < 0) return limited;
  const found = find(task, path, argv, 0);
  if (typeof found === "number") return found;
  const { file, format } = found;
  const old = task.cred;
  try {
    const next = credentialsAfterExec(old, file, task.fs.users > 1);
    if (typeof next === "number") return next;
    task.cred = next;
    const image = await format.load(task, file, found.argv, envp, () => {
      task.files = task.files.unshare();
      task.files.closeOnExec();
    });
    if (task.dying) return -EPERM;
    if ("errno" in image) {
      task.cred = old;
      task.execMessage = image.message;
      return -image.errno;
    }
    task.exe = { mount: file.mount!, dentry: file.dentry! };
    task.comm = commOf(path.split("/").at(-1) ?? path);
    task.argv = found.argv;
    task.envp = envp;
    task.hasExecuted = true;
    task.exitSignal = SIGNAL.SIGCHLD;
    task.cred = old;
    commitExecCredentials(task, next);
    const { nsproxy } = task;
    if (nsproxy.time !== nsproxy.timeForChildren) {
      // A new image is in the time namespace of the task's children (Linux 6.3; man 7 time_namespaces).
      nsproxy.timeForChildren.frozen = true;
      task.nsproxy = { ...nsproxy, time: nsproxy.timeForChildren };
    }
    task.signals.afterExec();
    task.execQueue.wake(-1);
    return image;
  } finally {
    file.close();
  }
}
