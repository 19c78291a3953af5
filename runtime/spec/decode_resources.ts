/** Limits of config.json, and of the file that update gets (config-linux.md#control-groups). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import type {
  BlockIoResources,
  CpuResources,
  DeviceRule,
  HugepageLimit,
  MemoryResources,
  NetworkResources,
  RdmaLimit,
  Resources,
  ThrottleDevice,
  WeightDevice,
} from "./resource_types.ts";
import {
  boolean,
  cpuList,
  int64,
  INT64_MAX,
  line,
  oneOf,
  optionalFields,
  text,
  uint32,
  uint64,
} from "./values.ts";

const DEVICE_MAX = 0xfffff;
const uint16 = (cursor: Cursor): number => cursor.integer(0, 0xffff);
/** Bytes; -1 is no limit. */
const bytes = (cursor: Cursor): bigint => cursor.bigint(-1n, INT64_MAX);
const deviceNumber = (cursor: Cursor): number => cursor.integer(0, DEVICE_MAX);

/** A rule of the allowed device list. -1, which is how the cgroup file's "*" was once written, is all. */
function deviceRule(cursor: Cursor): DeviceRule {
  const number = (name: "major" | "minor"): { major?: number; minor?: number } => {
    const value = cursor.field(name).optional((field) => field.integer(-1, DEVICE_MAX));
    return value === undefined || value < 0 ? {} : { [name]: value };
  };
  const access = cursor.field("access").optional((field) => {
    if (!/^[rwm]*$/.test(field.string())) {
      throw field.error(`${JSON.stringify(field.string())} is not made of r, w and m`);
    }
    return field.string();
  });
  const type = cursor.field("type").optional((field) =>
    field.string() === "" ? "a" : oneOf(field, ["a", "c", "b"], "device type")
  );
  return {
    allow: cursor.field("allow").boolean(),
    type: (type ?? "a") as DeviceRule["type"],
    ...number("major"),
    ...number("minor"),
    access: access ?? "",
  };
}

function memory(cursor: Cursor): MemoryResources {
  return optionalFields<MemoryResources>(cursor, {
    limit: bytes,
    reservation: bytes,
    swap: bytes,
    kernel: bytes,
    kernelTCP: bytes,
    swappiness: (value) => value.integer(0, 100),
    disableOOMKiller: boolean,
    useHierarchy: boolean,
    checkBeforeUpdate: boolean,
  });
}

function cpu(cursor: Cursor): CpuResources {
  const decoded = optionalFields<CpuResources>(cursor, {
    shares: uint64,
    quota: int64,
    burst: uint64,
    period: uint64,
    realtimeRuntime: int64,
    realtimePeriod: uint64,
    cpus: cpuList,
    mems: cpuList,
    idle: (value) => value.integer(0, 1),
  });
  const { quota = 0n, burst = 0n } = decoded;
  if (quota > 0n && burst > quota) {
    throw cursor.field("burst").error(`${burst} is larger than the quota ${quota}`);
  }
  return decoded;
}

function weightDevice(cursor: Cursor): WeightDevice {
  const weights = optionalFields<{ weight: number; leafWeight: number }>(cursor, {
    weight: uint16,
    leafWeight: uint16,
  });
  if (Object.keys(weights).length === 0) throw cursor.error("weight or leafWeight is required");
  return {
    major: deviceNumber(cursor.field("major")),
    minor: deviceNumber(cursor.field("minor")),
    ...weights,
  };
}

function throttleDevice(cursor: Cursor): ThrottleDevice {
  return {
    major: deviceNumber(cursor.field("major")),
    minor: deviceNumber(cursor.field("minor")),
    rate: uint64(cursor.field("rate")),
  };
}

function blockIO(cursor: Cursor): BlockIoResources {
  const throttled = (name: string): ThrottleDevice[] => cursor.field(name).list(throttleDevice);
  return {
    ...optionalFields<{ weight: number; leafWeight: number }>(cursor, { weight: uint16, leafWeight: uint16 }),
    weightDevice: cursor.field("weightDevice").list(weightDevice),
    throttleReadBpsDevice: throttled("throttleReadBpsDevice"),
    throttleWriteBpsDevice: throttled("throttleWriteBpsDevice"),
    throttleReadIOPSDevice: throttled("throttleReadIOPSDevice"),
    throttleWriteIOPSDevice: throttled("throttleWriteIOPSDevice"),
  };
}

function hugepageLimit(cursor: Cursor): HugepageLimit {
  const pageSize = text(cursor.field("pageSize"));
  if (!/^[1-9][0-9]*[KMG]B$/.test(pageSize)) {
    throw cursor.field("pageSize").error(`${JSON.stringify(pageSize)} is not a size such as "2MB"`);
  }
  return { pageSize, limit: uint64(cursor.field("limit")) };
}

function network(cursor: Cursor): NetworkResources {
  return {
    ...optionalFields<{ classID: number }>(cursor, { classID: uint32 }),
    priorities: cursor.field("priorities").list((item) => ({
      name: line(item.field("name")),
      priority: uint32(item.field("priority")),
    })),
  };
}

function rdma(cursor: Cursor): Record<string, RdmaLimit> {
  return Object.fromEntries(
    cursor.entries().map(([name, value]) => {
      const limit = optionalFields<{ hcaHandles: number; hcaObjects: number }>(value, {
        hcaHandles: uint32,
        hcaObjects: uint32,
      });
      if (Object.keys(limit).length === 0) throw value.error("hcaHandles or hcaObjects is required");
      return [name, limit];
    }),
  );
}

/** A key is the name of a file of the container's cgroup, and of nothing beside it. */
function unified(cursor: Cursor): Record<string, string> {
  return Object.fromEntries(
    cursor.entries().map(([name, value]) => {
      if (name.includes("/") || name.includes("\0") || !name.includes(".")) {
        throw value.error(`${JSON.stringify(name)} is not the name of a controller's file`);
      }
      return [name, text(value)];
    }),
  );
}

/** Limits. */
export function decodeResources(cursor: Cursor): Resources {
  return {
    devices: cursor.field("devices").list(deviceRule),
    ...optionalFields<Required<Pick<Resources, "memory" | "cpu" | "pids" | "blockIO" | "network">>>(cursor, {
      memory,
      cpu,
      pids: (value) =>
        optionalFields<{ limit: bigint }>(value, { limit: (each) => each.bigint(-1n, INT64_MAX) }),
      blockIO,
      network,
    }),
    hugepageLimits: cursor.field("hugepageLimits").list(hugepageLimit),
    rdma: rdma(cursor.field("rdma")),
    unified: unified(cursor.field("unified")),
  };
}

/** Decodes the bytes of the file that `update --resources` gets. */
export function parseResources(bytes: Uint8Array | string, what = "resources"): Resources {
  return decodeResources(new Cursor(parseJson(bytes, what, { exact: true }), what));
}
