/** config.json (config.md): the fields that concern containers on Linux. int64 and uint64 of the specification are bigint. @module */
import type { Hooks } from "./hook_types.ts";
import type { IdMapping, LinuxSpec } from "./linux_types.ts";
import type { Process } from "./process_types.ts";

export * from "./hook_types.ts";
export * from "./linux_types.ts";
export * from "./process_types.ts";
export * from "./resource_types.ts";
export * from "./seccomp_types.ts";

/** A mount. */
export interface MountSpec {
  /** Where, in the container; absolute. */
  readonly destination: string;
  /** Filesystem type. */
  readonly type: string;
  /** Device, host path or name. */
  readonly source: string;
  /** Options as fstab(5) has them. */
  readonly options: readonly string[];
  /** Of an id-mapped mount: user ids; never without gidMappings. */
  readonly uidMappings?: readonly IdMapping[];
  /** Of an id-mapped mount: group ids; never without uidMappings. */
  readonly gidMappings?: readonly IdMapping[];
}

/** A container. */
export interface Spec {
  /** Version of the specification. */
  readonly ociVersion: string;
  /** The root filesystem: its directory, and whether it is read-only. */
  readonly root: { readonly path: string; readonly readonly: boolean };
  /** The process; a container that is only created needs none. */
  readonly process?: Process;
  /** Host name. */
  readonly hostname?: string;
  /** NIS domain name. */
  readonly domainname?: string;
  /** Mounts, in order. */
  readonly mounts: readonly MountSpec[];
  /** Programs that are run at points of the container's life. */
  readonly hooks?: Hooks;
  /** Annotations. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What concerns Linux; empty if the file has no such part. */
  readonly linux: LinuxSpec;
}
