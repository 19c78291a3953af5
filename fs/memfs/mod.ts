/** A memfs Volume as a mount. @module */
export {
  type MemfsInode,
  type MemfsOptions,
  MemfsSuper,
  type VolumeLike,
  type VolumeStats,
} from "./super.ts";
