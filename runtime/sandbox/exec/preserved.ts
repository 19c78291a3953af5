/**
 * Descriptors of the host that a container's process gets beside the standard ones (--preserve-fds). They are opened again by their files below
 * /proc/self/fd, as a Deno program has no other way to an inherited descriptor: of regular files and directories the container gets a
 * description of its own, at the same position; pipes, FIFOs, terminals and other devices are streams. Linux only.
 * @module
 */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { O_ACCMODE, O_APPEND, O_DIRECTORY, O_RDONLY, O_WRONLY } from "../../../fs/abi/open.ts";
import { HostfsSuper } from "../../../fs/hostfs/mod.ts";
import { Libc } from "../../../fs/hostfs/libc.ts";
import { openAt, parsePath, type PathName } from "../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { type ByteSource, HostInput, HostOutput } from "./host_stream.ts";
import type { Sandbox } from "./sandbox.ts";

/** The first descriptor after the standard ones. */
const FIRST = 3;
/** In the flags of /proc/PID/fdinfo: Deno's own descriptors have it, inherited ones do not. */
const CLOEXEC = 0o2000000;

const pathOf = (fd: number): string => `/proc/self/fd/${fd}`;

/** Flags and position of an open descriptor (man 5 proc, /proc/PID/fdinfo); undefined if it is not open. */
function infoOf(fd: number): { readonly flags: number; readonly position: number } | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  } catch {
    return undefined;
  }
  const field = (name: string): string => new RegExp(`^${name}:\\s+(\\d+)$`, "m").exec(text)?.[1] ?? "0";
  return { flags: parseInt(field("flags"), 8), position: Number(field("pos")) };
}

/** Throws an Error that says which of `count` descriptors this process cannot pass on. */
export function checkPreserved(count: number): void {
  if (count > 0 && Deno.build.os !== "linux") {
    throw new Error(`--preserve-fds ${count}: the userland kernel can pass descriptors on on Linux only`);
  }
  for (let fd = FIRST; fd < FIRST + count; fd++) {
    const info = infoOf(fd);
    if (info === undefined || (info.flags & CLOEXEC) !== 0) {
      throw new Error(`--preserve-fds ${count}: descriptor ${fd} is not open`);
    }
    const target = Deno.readLinkSync(pathOf(fd));
    if (/^(socket|anon_inode):/.test(target)) {
      throw new Error(`--preserve-fds ${count}: descriptor ${fd} is ${target}, which cannot be opened again`);
    }
  }
}

/** True for a pipe without a name, which can be opened again at once, whoever has its other end. */
const isAnonymous = (fd: number): boolean => !Deno.readLinkSync(pathOf(fd)).startsWith("/");

/** What is read from a file of the host; it may still have to be opened, which for a FIFO waits for a writer. */
function sourceOf(open: () => Promise<Deno.FsFile>): ByteSource {
  let file: Promise<Deno.FsFile> | undefined;
  return {
    read: async (into) => await (await (file ??= open())).read(into),
    dropped: () => void file?.then((opened) => opened.close(), () => {}),
  };
}

/** A pipe, FIFO or device. */
function stream(fd: number, access: number): OpenFile {
  const path = pathOf(fd);
  if (access === O_RDONLY) {
    if (!isAnonymous(fd)) return new HostInput(sourceOf(() => Deno.open(path)));
    const file = Deno.openSync(path);
    return new HostInput(sourceOf(() => Promise.resolve(file)));
  }
  if (access === O_WRONLY) {
    const file = Deno.openSync(path, { read: false, write: true });
    return new HostOutput({ writeSync: (bytes) => file.writeSync(bytes), dropped: () => file.close() });
  }
  throw new Error(
    `--preserve-fds: descriptor ${fd} is a pipe or device that is open for reading and writing`,
  );
}

/** Opens a regular file or directory again, with what the descriptor may do and where it stands. */
function fileAt(sandbox: Sandbox, path: string, fd: number, isDirectory: boolean): OpenFile {
  const { flags, position } = infoOf(fd)!;
  const readOnly = (flags & O_ACCMODE) === O_RDONLY;
  sandbox.show([{ path, sb: new HostfsSuper({ path: pathOf(fd), readOnly }) }]);
  const how = isDirectory ? O_RDONLY | O_DIRECTORY : flags & (O_ACCMODE | O_APPEND);
  const file = openAt(sandbox.kernel.swapper, null, parsePath(path) as PathName, how, 0);
  if (typeof file === "number") throw new Error(`opening descriptor ${fd} again: ${errnoText(-file)}`);
  if (!isDirectory) file.seek(position, 0);
  return file;
}

/**
 * Inherited descriptors as open files of the process of a container, for which this process of the host is there; `place` is where the kernel has
 * what belongs to it.
 */
export function preservedFiles(sandbox: Sandbox, place: string, count: number): OpenFile[] {
  checkPreserved(count);
  return Array.from({ length: count }, (_, i) => {
    const fd = FIRST + i, { isFile, isDirectory } = Deno.statSync(pathOf(fd));
    if (isFile || isDirectory) return fileAt(sandbox, `${place}/fds/${fd}`, fd, isDirectory);
    const anonymous = isAnonymous(fd), opened = stream(fd, infoOf(fd)!.flags & O_ACCMODE);
    if (anonymous) Libc.load()?.close(fd); // or whoever has the other end would never see this one go
    return opened;
  });
}
