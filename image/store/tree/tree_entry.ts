/** What is remembered of each file of an unpacked tree, and the list of them in a file. @module */
import { nameToBytes } from "../../../fs/abi/name.ts";

/** One name in a tree. */
export interface TreeEntry {
  /** Path from the root, which is "". */
  readonly path: string;
  /** Type and permission bits, as the image's containers see them. */
  readonly mode: number;
  /** Owner in the container. */
  readonly uid: number;
  /** Group in the container. */
  readonly gid: number;
  /** Bytes of a regular file. */
  readonly size: number;
  /** Which device it is. */
  readonly rdev: number;
  /** Modification time, seconds. */
  readonly mtimeSec: number;
  /** Modification time, nanoseconds. */
  readonly mtimeNsec: number;
  /** Status change time on the host: "SECONDS.NANOSECONDS". */
  readonly ctime: string;
  /** Inode number on the host. */
  readonly ino: number;
  /** The first path of the same file; its own if it has no other. */
  readonly leader: string;
  /** Target of a symbolic link. */
  readonly target: string;
  /** Digest of the extended attributes; "" without any. */
  readonly xattrs: string;
  /** Digest of the content of a regular file; "" if nobody has read it. */
  readonly hash: string;
}

const HEADER = "umiak tree 1";

/** Tabs, line ends, backslashes and bytes that are no UTF-8 as `\xx`. */
function escape(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\\|[\x00-\x1f\x7f]|\p{Surrogate}/gu, (c) => {
    const [byte] = nameToBytes(c);
    return `\\${byte!.toString(16).padStart(2, "0")}`;
  });
}

function unescape(text: string): string {
  return text.replace(/\\([0-9a-f]{2})/g, (_, hex) => {
    const byte = parseInt(hex, 16);
    return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
  });
}

/** The list as text: a header, then a line for each entry. */
export function encodeTree(entries: readonly TreeEntry[]): string {
  const lines = entries.map((e) =>
    [
      escape(e.path),
      e.mode.toString(8),
      `${e.uid}:${e.gid}`,
      e.size,
      e.rdev,
      `${e.mtimeSec}.${e.mtimeNsec}`,
      e.ctime,
      e.ino,
      e.leader === e.path ? "" : escape(e.leader),
      escape(e.target),
      e.xattrs,
      e.hash,
    ].join("\t")
  );
  return `${[HEADER, ...lines].join("\n")}\n`;
}

/** Reads a list. Throws an error that names `what` and the line. */
export function decodeTree(text: string, what: string): TreeEntry[] {
  const lines = text.split("\n");
  if (lines[0] !== HEADER || lines.at(-1) !== "") throw new Error(`${what}: not a list of files, or cut off`);
  return lines.slice(1, -1).map((line, i) => {
    const fields = line.split("\t");
    const owner = /^(\d+):(\d+)$/.exec(fields[2] ?? ""), mtime = /^(-?\d+)\.(\d+)$/.exec(fields[5] ?? "");
    if (fields.length !== 12 || owner === null || mtime === null) {
      throw new Error(`${what}: line ${i + 2} is malformed`);
    }
    const path = unescape(fields[0]!);
    return {
      path,
      mode: parseInt(fields[1]!, 8),
      uid: Number(owner[1]),
      gid: Number(owner[2]),
      size: Number(fields[3]),
      rdev: Number(fields[4]),
      mtimeSec: Number(mtime[1]),
      mtimeNsec: Number(mtime[2]),
      ctime: fields[6]!,
      ino: Number(fields[7]),
      leader: fields[8] === "" ? path : unescape(fields[8]!),
      target: unescape(fields[9]!),
      xattrs: fields[10]!,
      hash: fields[11]!,
    };
  });
}
