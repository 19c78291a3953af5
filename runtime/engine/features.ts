/** What `umiak-runtime` can do (features.md), and in words what its backends cannot. @module */
import { CAPABILITIES } from "../abi/linux/capability.ts";
import { mountOptionNames } from "../program/mount_options.ts";
import type { Features } from "../spec/features.ts";
import { HOOK_NAMES } from "../spec/hook_types.ts";
import {
  MEMORY_POLICY_FLAGS,
  MEMORY_POLICY_MODES,
  NAMESPACE_TYPES,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
} from "../spec/names.ts";
import { OCI_VERSION } from "../spec/state.ts";

/** What the userland kernel answers with an error, or does without. */
const NOT_IN_SANDBOX: readonly string[] = [
  "--preserve-fds of sockets, in pods, for exec, and elsewhere than on Linux",
  "limits and weights of block devices",
  "joining pid, mount and user namespaces of the host by path",
  "SCMP_ACT_NOTIFY",
  "AppArmor, SELinux, intelRdt",
  "hooks in the container's namespaces that are not WebAssembly modules",
];

/** The features structure of a version of umiak. */
export function features(version: string): Features {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: OCI_VERSION,
    hooks: HOOK_NAMES,
    mountOptions: mountOptionNames(),
    linux: {
      namespaces: [...NAMESPACE_TYPES].sort(),
      capabilities: CAPABILITIES,
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: SECCOMP_ACTIONS,
        operators: SECCOMP_OPERATORS,
        archs: SECCOMP_ARCHITECTURES,
        knownFlags: SECCOMP_FLAGS,
        supportedFlags: SECCOMP_FLAGS,
      },
      memoryPolicy: { modes: MEMORY_POLICY_MODES, flags: MEMORY_POLICY_FLAGS },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: {
      "umiak.version": version,
      "umiak.backends": "native, sandbox",
      "umiak.sandbox.unsupported": NOT_IN_SANDBOX.join("; "),
    },
    potentiallyUnsafeConfigAnnotations: [
      "module.wasm.image/variant",
      "org.opencontainers.image.architecture",
      "org.opencontainers.image.os",
      "run.oci.handler",
      "umiak.interruptible",
      "io.kubernetes.cri.sandbox-id",
      "io.kubernetes.cri-o.SandboxID",
    ],
  };
}
