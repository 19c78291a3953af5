/** config-linux.md#devices, #default-devices; runtime-linux.md#dev-symbolic-links. @module */
import type { Case, Expectation, Subject } from "../types.ts";

const MUST =
  "config-linux.md#devices: devices (array of objects, OPTIONAL) lists devices that MUST be available in the container";
const DEFAULT = "config-linux.md#default-devices: the runtime MUST also supply";
const LINK =
  "runtime-linux.md#dev-symbolic-links: runtimes MUST create the following symlinks if the source file exists after processing mounts";

const standard = (path: string, device: string, ...more: (string | Expectation)[]): Case => ({
  name: `${path} is there`,
  spec: `${DEFAULT}: ${path}`,
  probe: [`stat=${path}`, ...more.filter((each) => typeof each === "string")],
  expect: [
    [`asked.stat.${path}.type`, "is", "char"],
    [`asked.stat.${path}.device`, "is", device],
    [`asked.stat.${path}.mode`, "is", "0666"],
    ...more.filter((each) => typeof each !== "string") as Expectation[],
  ],
});

const link = (path: string, target: string): Case => ({
  name: `${path} is a link`,
  spec: `${LINK}: ${path}`,
  probe: [`stat=${path}`],
  expect: [[`asked.stat.${path}.type`, "is", "link"], [`asked.stat.${path}.target`, "is", target]],
});

const device = (path: string, type: string, device: string, more: object = {}): object => {
  const [major, minor] = device.split(":").map(Number);
  return { path, type, ...device === "" ? {} : { major, minor }, ...more };
};

const has = (path: string, fields: Readonly<Record<string, unknown>>): Expectation[] =>
  Object.entries(fields).map(([name, value]) => [`asked.stat.${path}.${name}`, "is", value] as const);

/** linux.devices and those that are always there. */
export const devices: Subject = {
  subject: "devices",
  cases: [
    standard("/dev/null", "1:3", "push=/dev/null", "take=/dev/null", ["asked.push./dev/null", "is", {
      ok: true,
    }], [
      ...["asked.take./dev/null", "is", ""] as const,
    ]),
    standard("/dev/zero", "1:5", "take=/dev/zero", ["asked.take./dev/zero", "is", "0000000000000000"]),
    standard("/dev/full", "1:7", "push=/dev/full", ["asked.push./dev/full", "is", { error: "ENOSPC" }]),
    standard("/dev/random", "1:8", "take=/dev/random", [
      "asked.take./dev/random",
      "matches",
      "^[0-9a-f]{16}$",
    ]),
    standard("/dev/urandom", "1:9", "take=/dev/urandom", [
      "asked.take./dev/urandom",
      "matches",
      "^[0-9a-f]{16}$",
    ]),
    standard("/dev/tty", "5:0", "open=/dev/tty", ["asked.open./dev/tty", "is", { error: "ENXIO" }]),
    {
      name: "/dev/ptmx leads to the container's",
      spec: "config-linux.md#default-devices: A bind-mount or symlink of the container's /dev/pts/ptmx",
      probe: ["stat=/dev/ptmx"],
      expect: [["asked.stat./dev/ptmx", "present"], ["asked.stat./dev/ptmx.error", "absent"]],
    },
    {
      name: "/dev/console is not there without a terminal",
      spec: "config-linux.md#default-devices: /dev/console is set up if terminal is enabled in the config",
      probe: ["stat=/dev/console"],
      expect: [["asked.stat./dev/console.error", "is", "ENOENT"]],
    },
    link("/dev/fd", "/proc/self/fd"),
    link("/dev/stdin", "/proc/self/fd/0"),
    link("/dev/stdout", "/proc/self/fd/1"),
    link("/dev/stderr", "/proc/self/fd/2"),
    {
      name: "a character device",
      spec: MUST,
      add: { "linux.devices": [device("/dev/fuse", "c", "10:229", { fileMode: 0o640, uid: 5, gid: 6 })] },
      probe: ["stat=/dev/fuse"],
      expect: has("/dev/fuse", { type: "char", device: "10:229", mode: "0640", uid: 5, gid: 6 }),
    },
    {
      name: "an unbuffered device",
      spec: "config-linux.md#devices: type of device: c, b, u or p",
      add: { "linux.devices": [device("/dev/u", "u", "10:229", { fileMode: 0o600 })] },
      probe: ["stat=/dev/u"],
      expect: has("/dev/u", { type: "char", device: "10:229", mode: "0600" }),
    },
    {
      name: "a block device",
      spec: MUST,
      add: { "linux.devices": [device("/dev/sda", "b", "8:0", { fileMode: 0o660, uid: 0, gid: 6 })] },
      probe: ["stat=/dev/sda"],
      expect: has("/dev/sda", { type: "block", device: "8:0", mode: "0660", uid: 0, gid: 6 }),
    },
    {
      name: "a fifo",
      spec: "config-linux.md#devices: major, minor (int64, REQUIRED unless type is p)",
      add: { "linux.devices": [device("/dev/pipe", "p", "", { fileMode: 0o644 })] },
      probe: ["stat=/dev/pipe"],
      expect: has("/dev/pipe", { type: "fifo", mode: "0644" }),
    },
    {
      name: "outside of /dev",
      spec:
        "config-linux.md#devices: The path MAY be anywhere in the container filesystem, notably outside of /dev",
      add: {
        mounts: [{ destination: "/other", type: "tmpfs", source: "tmpfs" }],
        "linux.devices": [device("/other/deep/null", "c", "1:3", { fileMode: 0o666 })],
      },
      probe: ["stat=/other/deep/null", "push=/other/deep/null"],
      expect: [
        ...has("/other/deep/null", { type: "char", device: "1:3" }),
        ["asked.push./other/deep/null", "is", { ok: true }],
      ],
    },
    {
      name: "a default device with other attributes",
      spec: "config-linux.md#devices: fileMode (uint32, OPTIONAL) - file mode for the device",
      add: { "linux.devices": [device("/dev/null", "c", "1:3", { fileMode: 0o600, uid: 0, gid: 0 })] },
      probe: ["stat=/dev/null"],
      expect: has("/dev/null", { type: "char", device: "1:3", mode: "0600" }),
    },
    {
      name: "a file that does not match is an error",
      spec:
        "config-linux.md#devices: If a file already exists at path that does not match the requested device, the runtime MUST generate an error",
      rootfs: { "etc/device": "a file" },
      add: { "linux.devices": [device("/etc/device", "c", "10:229", { fileMode: 0o666 })] },
      fails: "create",
    },
    {
      name: "another device that does not match is an error",
      spec:
        "config-linux.md#devices: If a file already exists at path that does not match the requested device, the runtime MUST generate an error",
      add: {
        "linux.devices": [
          device("/dev/x", "c", "10:229", { fileMode: 0o666 }),
          device("/dev/x", "c", "1:3", { fileMode: 0o666 }),
        ],
      },
      fails: "create",
    },
    {
      name: "an unknown type is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      add: { "linux.devices": [device("/dev/x", "x", "1:3")] },
      fails: "create",
    },
    {
      name: "a device without path is an error",
      spec: "config-linux.md#devices: path (string, REQUIRED)",
      add: { "linux.devices": [{ type: "c", major: 1, minor: 3 }] },
      fails: "create",
    },
  ],
};
