/** Limits of a container's cgroup (config-linux.md#control-groups). What is absent is not changed. @module */

/** A rule of the allowed device list. */
export interface DeviceRule {
  /** Allowed or denied. */
  readonly allow: boolean;
  /** a (all), c or b. */
  readonly type: "a" | "c" | "b";
  /** Major number; absent means all. */
  readonly major?: number;
  /** Minor number; absent means all. */
  readonly minor?: number;
  /** Of r, w and m; "" means all three. */
  readonly access: string;
}

/** Memory in bytes; -1 is no limit. */
export interface MemoryResources {
  /** Usage. */
  readonly limit?: bigint;
  /** Soft limit. */
  readonly reservation?: bigint;
  /** Memory and swap together. */
  readonly swap?: bigint;
  /** Kernel memory. */
  readonly kernel?: bigint;
  /** Buffers of TCP in the kernel. */
  readonly kernelTCP?: bigint;
  /** 0 to 100. */
  readonly swappiness?: number;
  /** Tasks wait for memory and are not killed. */
  readonly disableOOMKiller?: boolean;
  /** Limits hold for child cgroups too. */
  readonly useHierarchy?: boolean;
  /** A new limit below the usage is an error. */
  readonly checkBeforeUpdate?: boolean;
}

/** Time and place of execution. */
export interface CpuResources {
  /** Relative share. */
  readonly shares?: bigint;
  /** Microseconds in each period; negative is no limit. */
  readonly quota?: bigint;
  /** Microseconds that may be saved up. */
  readonly burst?: bigint;
  /** The period in microseconds. */
  readonly period?: bigint;
  /** Real-time: microseconds in each period. */
  readonly realtimeRuntime?: bigint;
  /** Real-time: the period in microseconds. */
  readonly realtimePeriod?: bigint;
  /** CPUs as a list ("0-3,7"). */
  readonly cpus?: string;
  /** Memory nodes as a list. */
  readonly mems?: string;
  /** 1 for SCHED_IDLE, 0 for the ordinary weight. */
  readonly idle?: number;
}

/** Weight of a block device. */
export interface WeightDevice {
  /** Major number. */
  readonly major: number;
  /** Minor number. */
  readonly minor: number;
  /** Weight. */
  readonly weight?: number;
  /** Weight against child cgroups. */
  readonly leafWeight?: number;
}

/** Rate of a block device, in bytes or operations a second. */
export interface ThrottleDevice {
  /** Major number. */
  readonly major: number;
  /** Minor number. */
  readonly minor: number;
  /** The rate. */
  readonly rate: bigint;
}

/** Block I/O. */
export interface BlockIoResources {
  /** Weight. */
  readonly weight?: number;
  /** Weight against child cgroups. */
  readonly leafWeight?: number;
  /** Weights of single devices. */
  readonly weightDevice: readonly WeightDevice[];
  /** Bytes read a second. */
  readonly throttleReadBpsDevice: readonly ThrottleDevice[];
  /** Bytes written a second. */
  readonly throttleWriteBpsDevice: readonly ThrottleDevice[];
  /** Reads a second. */
  readonly throttleReadIOPSDevice: readonly ThrottleDevice[];
  /** Writes a second. */
  readonly throttleWriteIOPSDevice: readonly ThrottleDevice[];
}

/** Limit of one size of huge pages. */
export interface HugepageLimit {
  /** "2MB". */
  readonly pageSize: string;
  /** Bytes. */
  readonly limit: bigint;
}

/** Network packets (net_cls, net_prio). */
export interface NetworkResources {
  /** Class of the packets. */
  readonly classID?: number;
  /** Priority by interface. */
  readonly priorities: readonly { readonly name: string; readonly priority: number }[];
}

/** Limits of an RDMA device. */
export interface RdmaLimit {
  /** Handles. */
  readonly hcaHandles?: number;
  /** Objects. */
  readonly hcaObjects?: number;
}

/** Limits of a container; also what update changes. */
export interface Resources {
  /** Allowed device list, in order. */
  readonly devices: readonly DeviceRule[];
  /** Memory. */
  readonly memory?: MemoryResources;
  /** CPU. */
  readonly cpu?: CpuResources;
  /** Tasks; a limit of -1 is none. */
  readonly pids?: { readonly limit?: bigint };
  /** Block I/O. */
  readonly blockIO?: BlockIoResources;
  /** Huge pages. */
  readonly hugepageLimits: readonly HugepageLimit[];
  /** Network. */
  readonly network?: NetworkResources;
  /** RDMA, by device. */
  readonly rdma: Readonly<Record<string, RdmaLimit>>;
  /** Files of the cgroup v2 hierarchy and what is written to them. */
  readonly unified: Readonly<Record<string, string>>;
}
