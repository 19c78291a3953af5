/** The allowed device list of a cgroup on this host. @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { O_DIRECTORY } from "../../../fs/abi/open.ts";
import { DEVICES_ALWAYS_ALLOWED } from "../../program/compile_cgroup.ts";
import type { DeviceRule } from "../../spec/types.ts";
import { Descriptor, openPath, whileOpen } from "../ffi/descriptors.ts";
import { addressOf, must, sys } from "../ffi/kernel.ts";
import { deviceProgram, encodeBpf } from "./device_program.ts";
import { deviceWrites } from "./device_rules.ts";
import { reasonOf, writeFile } from "./files.ts";
import { type CgroupNote, directoryOf } from "./note.ts";

// linux/bpf.h
const BPF_PROG_LOAD = 5, BPF_PROG_ATTACH = 8;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15, BPF_CGROUP_DEVICE = 6, BPF_F_ALLOW_MULTI = 2;

const WHERE = "config.json: linux.resources.devices";

/** Attaches a program to a cgroup of version 2; it goes with the cgroup. */
export function attachDeviceProgram(directory: string, rules: readonly DeviceRule[]): void {
  const code = encodeBpf(deviceProgram(rules)), license = new TextEncoder().encode("Apache\0");
  const what = `${WHERE}: loading the program for cgroup ${directory}`;
  // union bpf_attr: type, number of instructions, instructions, license.
  const load = new Uint8Array(128), view = new DataView(load.buffer);
  view.setUint32(0, BPF_PROG_TYPE_CGROUP_DEVICE, true);
  view.setUint32(4, code.length / 8, true);
  view.setBigUint64(8, addressOf(code), true);
  view.setBigUint64(16, addressOf(license), true);
  whileOpen((own) => {
    const program = own(new Descriptor(must(sys("bpf", BPF_PROG_LOAD, load, load.length), what)));
    if (code.length + license.length === 0) throw new Error(what); // both are there until now
    const cgroup = own(openPath(directory, O_DIRECTORY, what));
    // target_fd, attach_bpf_fd, attach_type, attach_flags.
    const attach = new Uint8Array(
      new Uint32Array([cgroup.fd, program.fd, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI]).buffer,
    );
    must(sys("bpf", BPF_PROG_ATTACH, attach, attach.length), `${WHERE}: limiting cgroup ${directory}`);
  });
}

/** Lets a container's cgroup have what the rules allow, and the devices that every container has. */
export function limitDevices(note: CgroupNote, rules: readonly DeviceRule[]): void {
  const all = [...rules, ...DEVICES_ALWAYS_ALLOWED];
  const first = directoryOf(note, "devices");
  if (note.mode === "unified" && first !== undefined) return attachDeviceProgram(first, all);
  if (first === undefined) {
    const second = directoryOf(note, "");
    if (second !== undefined) return attachDeviceProgram(second, all);
    throw new LifecycleError(`${WHERE}: this host has no cgroups for devices`, "unsupported");
  }
  for (const { file, line } of deviceWrites(all)) {
    try {
      writeFile(`${first}/${file}`, line);
    } catch (error) {
      throw new LifecycleError(
        `${WHERE}: writing "${line}" to ${first}/${file}: ${reasonOf(error)}`,
        "failed",
      );
    }
  }
}
