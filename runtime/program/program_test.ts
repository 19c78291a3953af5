/** Specifications compiled: golden texts, and the rules of options. Set UMIAK_UPDATE_GOLDEN=1 to write the texts anew. @module */
import assert from "node:assert/strict";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_SLAVE,
} from "../../fs/abi/mount.ts";
import { decodeSpec } from "../spec/decode.ts";
import { compileSpec } from "./compile.ts";
import { parseMountOptions } from "./mount_options.ts";
import { printProgram } from "./print.ts";
import type { Step } from "./types.ts";

const GOLDEN = new URL("../../tests/golden/", import.meta.url);

async function golden(name: string, text: string): Promise<void> {
  const file = new URL(`${name}.txt`, GOLDEN);
  if (Deno.env.get("UMIAK_UPDATE_GOLDEN") === "1") await Deno.writeTextFile(file, text);
  assert.equal(text, await Deno.readTextFile(file));
}

const SPECS: Record<string, unknown> = {
  minimal: { ociVersion: "1.2.0", root: { path: "rootfs" }, process: { cwd: "/", args: ["/bin/sh"] } },
  path_search: {
    ociVersion: "1.2.0",
    root: { path: "rootfs", readonly: true },
    process: {
      cwd: "/work",
      args: ["sh", "-c", "true"],
      env: ["PATH=/bin::/usr/bin"],
      user: { uid: 1000, gid: 100, additionalGids: [5, 10], umask: 7 },
      noNewPrivileges: true,
    },
    hostname: "box",
    domainname: "example.org",
  },
  namespaces: {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/sh"], oomScoreAdj: -100 },
    linux: {
      namespaces: [
        { type: "mount" },
        { type: "pid", path: "/proc/7/ns/pid" },
        { type: "user" },
        { type: "cgroup" },
        { type: "time" },
      ],
      uidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }, {
        containerID: 1000,
        hostID: 5,
        size: 1,
      }],
      gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
      timeOffsets: { monotonic: { secs: -5, nanosecs: 7 }, boottime: { secs: 172800, nanosecs: 0 } },
    },
  },
  full: {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: {
      terminal: true,
      cwd: "/",
      args: ["/bin/sh"],
      capabilities: {
        bounding: ["CAP_KILL", "CAP_CHOWN"],
        effective: ["CAP_KILL"],
        permitted: ["CAP_KILL", "CAP_CHOWN"],
        inheritable: ["CAP_KILL"],
        ambient: ["CAP_KILL"],
      },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
    },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["size=64k", "mode=1777", "noatime"] },
      { destination: "/data", type: "bind", source: "/host/data", options: ["rbind", "ro", "rslave"] },
      { destination: "/etc/file", type: "none", source: "/host/file", options: ["bind", "rro"] },
    ],
    linux: {
      namespaces: [{ type: "mount" }, { type: "pid" }, { type: "uts" }, { type: "ipc" }, {
        type: "network",
        path: "/proc/1/ns/net",
      }],
      devices: [{ type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 0o660, uid: 1, gid: 2 }],
      sysctl: { "kernel.domainname": "sys" },
      maskedPaths: ["/proc/kcore"],
      readonlyPaths: ["/proc/sys"],
      rootfsPropagation: "rslave",
    },
  },
};

for (const [name, json] of Object.entries(SPECS)) {
  Deno.test(`program of ${name} (tests/golden/${name}.txt)`, () =>
    golden(
      name,
      printProgram(compileSpec(decodeSpec(json), {
        rootfs: "/bundle/rootfs",
        isFile: (source) => source === "/host/file",
      })),
    ));
}

Deno.test("every label that is jumped to exists once, and every result is stored before it is used", () => {
  for (const json of Object.values(SPECS)) {
    const { before = [], parent = [], init } = compileSpec(decodeSpec(json), { rootfs: "/r" });
    for (const steps of [before, parent, init]) checkNames(steps);
  }
});

function checkNames(steps: readonly Step[]): void {
  const labels = steps.flatMap((step) => "label" in step ? [step.label] : []);
  assert.equal(new Set(labels).size, labels.length);
  const stored = new Set<string>();
  for (const step of steps) {
    if ("jump" in step) assert.ok(labels.includes(step.jump), step.jump);
    if (!("call" in step)) continue;
    if (step.onError !== undefined && step.onError !== "ignore") {
      assert.ok(labels.includes(step.onError), step.onError);
    }
    for (const arg of step.args) {
      if (typeof arg === "object" && arg !== null && "ref" in arg) {
        assert.ok(stored.has(arg.ref), `${step.call} uses ${arg.ref}`);
      }
    }
    if (step.result !== undefined) stored.add(step.result);
  }
}

Deno.test("a container without a process cannot be compiled", () => {
  assert.throws(
    () => compileSpec(decodeSpec({ ociVersion: "1.0.0", root: { path: "r" } }), { rootfs: "/r" }),
    /process: a process is required/,
  );
});

Deno.test("mount options: attributes, propagation, data; the last of a pair counts (config.md#mounts)", () => {
  const o = parseMountOptions([
    "ro",
    "nosuid",
    "rw",
    "nodev",
    "noatime",
    "size=1m",
    "rprivate",
    "slave",
    "defaults",
    "mode=755",
  ]);
  assert.equal(o.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
  assert.equal(o.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
  assert.deepEqual(o.propagation, [[MS_PRIVATE, true], [MS_SLAVE, false]]);
  assert.deepEqual(o.data, ["size=1m", "mode=755"]);
  const bind = parseMountOptions(["rbind", "rro"]);
  assert.deepEqual([bind.bind, bind.recursive, bind.recursiveSet], [true, true, MOUNT_ATTR_RDONLY]);
});
