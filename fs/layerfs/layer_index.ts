/**
 * The index of a layer: its tree in typed arrays over one buffer, so that opening it costs nothing per file. Names of one
 * directory stand together, sorted by their bytes; a node is what the names refer to (hard links share one).
 *
 * Layout, little-endian: a header of 16 words (magic, version, counts, sizes, the archive's size, a checksum of the rest), then the columns in the
 * order of the fields below, then the strings' bytes.
 * @module
 */

const MAGIC = 0x49_4b_4d_55; // "UMKI"
const VERSION = 4;
const HEADER_WORDS = 16;
/** No value. */
export const NONE = 0xffffffff;

/** The numbers of a layer, by which its columns are laid out. */
export interface LayerCounts {
  /** Inodes. */
  readonly nodes: number;
  /** Names; the root has none. */
  readonly names: number;
  /** Parts of sparse files. */
  readonly parts: number;
  /** Extended attributes. */
  readonly xattrs: number;
  /** What is taken for granted about the layers below: see needs.ts. */
  readonly needs: number;
  /** Bytes of names, link targets, attribute names and values. */
  readonly bytes: number;
}

/** The buffer is not an index, or is damaged. */
export class LayerIndexError extends Error {}

/** FNV-1a over words: finds torn and mixed-up files, not attackers (the cache directory is the user's own). */
function checksum(words: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (let i = HEADER_WORDS; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
  return hash >>> 0;
}

/** See the module's comment. */
export class LayerIndex {
  /** Size of a file; for a directory 0. */
  readonly size: Float64Array;
  /** A file's data in the archive. */
  readonly offset: Float64Array;
  /** Modification time, seconds. */
  readonly mtimeSec: Float64Array;
  /** Sparse parts: offset in the file. */
  readonly partOffset: Float64Array;
  /** Sparse parts: length. */
  readonly partLength: Float64Array;
  /** st_mode. */
  readonly mode: Uint32Array;
  /** Owner. */
  readonly uid: Uint32Array;
  /** Group. */
  readonly gid: Uint32Array;
  /** Number of names. */
  readonly nlink: Uint32Array;
  /** Device number (makedev, 32 bits). */
  readonly rdev: Uint32Array;
  /** Modification time, nanoseconds within the second. */
  readonly mtimeNsec: Uint32Array;
  /** Directory: first name. Link: offset of the target. File: first sparse part, or NONE. */
  readonly first: Uint32Array;
  /** How many of those (names, bytes, parts). */
  readonly count: Uint32Array;
  /** First extended attribute. */
  readonly xattrFirst: Uint32Array;
  /** Number of extended attributes. */
  readonly xattrCount: Uint32Array;
  /** Directory a directory is in. */
  readonly parent: Uint32Array;
  /** Names: where their bytes are. */
  readonly nameAt: Uint32Array;
  /** Names: how many bytes. */
  readonly nameLength: Uint32Array;
  /** Names: the node. */
  readonly nameNode: Uint32Array;
  /** Attributes: where the name's bytes are. */
  readonly xattrNameAt: Uint32Array;
  /** Attributes: how many bytes the name has. */
  readonly xattrNameLength: Uint32Array;
  /** Attributes: where the value is. */
  readonly xattrValueAt: Uint32Array;
  /** Attributes: how many bytes the value has. */
  readonly xattrValueLength: Uint32Array;
  /** Needs: their kinds. */
  readonly needKind: Uint32Array;
  /** Needs: to which earlier one they are relative, or NONE. */
  readonly needParent: Uint32Array;
  /** Needs: where the path's bytes are. */
  readonly needAt: Uint32Array;
  /** Needs: how many bytes the path has. */
  readonly needLength: Uint32Array;
  /** All strings. */
  readonly bytes: Uint8Array;
  readonly #buffer: ArrayBuffer;
  readonly #header: Uint32Array;

  private constructor(buffer: ArrayBuffer, readonly counts: LayerCounts) {
    this.#buffer = buffer;
    this.#header = new Uint32Array(buffer, 0, HEADER_WORDS);
    let at = HEADER_WORDS * 4;
    const f64 = (n: number): Float64Array => {
      const column = new Float64Array(buffer, at, n);
      at += n * 8;
      return column;
    };
    const u32 = (n: number): Uint32Array => {
      const column = new Uint32Array(buffer, at, n);
      at += n * 4;
      return column;
    };
    const { nodes, names, parts, xattrs, needs, bytes } = counts;
    this.size = f64(nodes);
    this.offset = f64(nodes);
    this.mtimeSec = f64(nodes);
    this.partOffset = f64(parts);
    this.partLength = f64(parts);
    this.mode = u32(nodes);
    this.uid = u32(nodes);
    this.gid = u32(nodes);
    this.nlink = u32(nodes);
    this.rdev = u32(nodes);
    this.mtimeNsec = u32(nodes);
    this.first = u32(nodes);
    this.count = u32(nodes);
    this.xattrFirst = u32(nodes);
    this.xattrCount = u32(nodes);
    this.parent = u32(nodes);
    this.nameAt = u32(names);
    this.nameLength = u32(names);
    this.nameNode = u32(names);
    this.xattrNameAt = u32(xattrs);
    this.xattrNameLength = u32(xattrs);
    this.xattrValueAt = u32(xattrs);
    this.xattrValueLength = u32(xattrs);
    this.needKind = u32(needs);
    this.needParent = u32(needs);
    this.needAt = u32(needs);
    this.needLength = u32(needs);
    this.bytes = new Uint8Array(buffer, at, bytes);
  }

  static #length({ nodes, names, parts, xattrs, needs, bytes }: LayerCounts): number {
    const columns = nodes * (3 * 8 + 11 * 4) + parts * 16 + names * 12 + xattrs * 16 +
      needs * 16;
    return HEADER_WORDS * 4 + columns + Math.ceil(bytes / 4) * 4;
  }

  /** An index to be filled in. */
  static allocate(counts: LayerCounts): LayerIndex {
    return new LayerIndex(new ArrayBuffer(LayerIndex.#length(counts)), counts);
  }

  /** Finishes the header once the columns are filled. `archiveSize`: bytes of the archive it belongs to. */
  seal(archiveSize: number): void {
    const { nodes, names, parts, xattrs, needs, bytes } = this.counts;
    const high = Math.floor(archiveSize / 2 ** 32);
    this.#header.set([MAGIC, VERSION, nodes, names, parts, xattrs, bytes, archiveSize >>> 0, high]);
    this.#header[10] = needs;
    this.#header[9] = checksum(new Uint32Array(this.#buffer));
  }

  /** Bytes of the archive it belongs to. */
  get archiveSize(): number {
    return this.#header[7]! + this.#header[8]! * 2 ** 32;
  }

  /** The index as bytes, to be kept in a file. */
  encode(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer);
  }

  /** An index from its bytes, which it goes on using. Throws a LayerIndexError for anything but what encode gave. */
  static decode(data: Uint8Array<ArrayBuffer>): LayerIndex {
    const aligned = data.byteOffset === 0 && data.byteLength === data.buffer.byteLength;
    const buffer = aligned ? data.buffer : data.slice().buffer;
    if (buffer.byteLength < HEADER_WORDS * 4 || buffer.byteLength % 4 !== 0) {
      throw new LayerIndexError("layer index: too short");
    }
    const words = new Uint32Array(buffer);
    if (words[0] !== MAGIC || words[1] !== VERSION) {
      throw new LayerIndexError("layer index: of another version");
    }
    const [nodes, names, parts, xattrs, bytes] = words.subarray(2, 7) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const counts: LayerCounts = { nodes, names, parts, xattrs, needs: words[10]!, bytes };
    if (LayerIndex.#length(counts) !== buffer.byteLength) {
      throw new LayerIndexError("layer index: of the wrong length");
    }
    if (words[9] !== checksum(words)) {
      throw new LayerIndexError("layer index: damaged (its checksum is wrong)");
    }
    return new LayerIndex(buffer, counts);
  }

  /** Index of a name in a directory, or -1. Binary search by bytes. */
  find(dir: number, name: Uint8Array, length: number): number {
    let low = this.first[dir]!, high = low + this.count[dir]! - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(middle, name, length);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #compare(index: number, name: Uint8Array, length: number): number {
    const at = this.nameAt[index]!, size = this.nameLength[index]!;
    const shorter = Math.min(size, length);
    for (let i = 0; i < shorter; i++) {
      const difference = this.bytes[at + i]! - name[i]!;
      if (difference !== 0) return difference;
    }
    return size - length;
  }
}
