/** Steps that copy what is below one directory into another, entry by entry (tmpcopyup). @module */
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../../fs/abi/mode.ts";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../../../fs/abi/open.ts";
import { type NativeStep, ref } from "../table/types.ts";

/** What is to be made. */
export interface CopiedEntry {
  /** Path below the directory; "" for itself, which is there. */
  readonly path: string;
  /** Type and permissions. */
  readonly mode: number;
  /** Owner, where the steps are taken. */
  readonly uid: number;
  /** Group, where the steps are taken. */
  readonly gid: number;
  /** Device number. */
  readonly rdev: bigint;
  /** Of access and of modification: two struct timespec. */
  readonly times: Uint8Array<ArrayBuffer>;
  /** Of a symbolic link: where to. */
  readonly target?: string;
}

const RESOLVE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
/** The most that a call copies (man 2 sendfile). */
const MOST = 0x7ffff000;

/** Copies a file's contents. `n` tells the steps from others. */
function contents(from: number, to: number, path: string, what: string, n: number): NativeStep[] {
  const open = (directory: number, flags: number, mode: number, result: string): NativeStep => ({
    call: "openat2",
    args: [directory, path, { flags: flags | O_CLOEXEC, mode, resolve: RESOLVE }],
    ...{ what, result },
  });
  const more = `more ${n}`, done = `copied ${n}`;
  return [
    open(from, O_RDONLY | O_NONBLOCK, 0, "source"),
    open(to, O_WRONLY | O_CREAT | O_EXCL, 0o600, "copy"),
    { label: more },
    { native: "sendfile", args: [ref("copy"), ref("source"), 0, MOST], what, result: "sent" },
    { op: "JEQ", args: [ref("sent"), 0], target: done },
    { jump: more },
    { label: done },
    { call: "close", args: [ref("source")], what },
    { call: "close", args: [ref("copy")], what },
  ];
}

function make(from: number, to: number, entry: CopiedEntry, what: string, n: number): NativeStep[] {
  const { path, mode, rdev, target } = entry, type = mode & S_IFMT;
  if (path === "") return [];
  if (type === S_IFDIR) return [{ call: "mkdirat", args: [to, path, 0o700], what }];
  if (type === S_IFREG) return contents(from, to, path, what, n);
  if (type === S_IFLNK) return [{ call: "symlinkat", args: [target!, to, path], what }];
  return [{ native: "mknodat", args: [to, path, mode, rdev], what }];
}

/** Owner, permissions and times: of a directory when it has what is to be in it. */
function finish(to: number, { path, mode, uid, gid, times }: CopiedEntry, what: string): NativeStep[] {
  const flags = path === "" ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  const name = path === "" ? "." : path;
  return [
    { call: "fchownat", args: [to, path, uid, gid, flags], what },
    ...(mode & S_IFMT) === S_IFLNK
      ? []
      : [{ call: "fchmodat", args: [to, name, mode & 0o7777], what } satisfies NativeStep],
    { native: "utimensat", args: [to, name, { bytes: times }, AT_SYMLINK_NOFOLLOW], what },
  ];
}

/** Steps for entries of which each directory comes before what is in it; each of the groups of steps can be taken by another process, in their order. */
export function copySteps(
  from: number,
  to: number,
  entries: readonly CopiedEntry[],
  doing: string,
): NativeStep[][] {
  const what = ({ path }: CopiedEntry): string => path === "" ? doing : `${doing}: ${path}`;
  const isDirectory = ({ mode }: CopiedEntry): boolean => (mode & S_IFMT) === S_IFDIR;
  return [
    ...entries.map((entry, n) => [
      ...make(from, to, entry, what(entry), n),
      ...isDirectory(entry) ? [] : finish(to, entry, what(entry)),
    ]),
    ...entries.filter(isDirectory).toReversed().map((entry) => finish(to, entry, what(entry))),
  ];
}
