/** What a Linux lets native containers do, and what umiak does about what it does not. @module */
import type { CallFacts, LinuxFacts } from "../../native/probe/facts.ts";
import { native } from "./finding.ts";
import { judgeCgroups } from "./judge_cgroups.ts";
import { judgeIds } from "./judge_ids.ts";
import { judgeNetwork } from "./judge_network.ts";
import type { Finding, HostFacts } from "./types.ts";

const ARCHITECTURES = ["x86_64", "aarch64"];
/** mount_setattr(2) is of 5.12. */
const FLOOR = [5, 12] as const;
const NONE = "native containers cannot be made";

function judgeKernel({ release }: LinuxFacts, architecture: string): Finding {
  const [major = 0, minor = 0] = release.split(".").map(Number.parseFloat);
  const found = `Linux ${release} on ${architecture}`;
  if (major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1])) {
    return native("kernel", "broken", found, `${NONE}: they need Linux ${FLOOR.join(".")} or later`);
  }
  if (!ARCHITECTURES.includes(architecture)) {
    return native("kernel", "broken", found, `${NONE}: they are for ${ARCHITECTURES.join(" and ")}`);
  }
  return native("kernel", "ok", found, `native containers need ${FLOOR.join(".")} or later`);
}

function judgeCalls({ refused }: CallFacts): Finding {
  const names = Object.keys(refused);
  return names.length === 0
    ? native(
      "system calls",
      "ok",
      "made through FFI, none is refused",
      "containers are made without a helper program",
    )
    : native(
      "system calls",
      "broken",
      `refused: ${names.map((name) => `${name}: ${refused[name]}`).join(", ")}`,
      `${NONE}: is this itself a container with a filter of system calls?`,
    );
}

function judgeProgram({ program, memfdNoexec }: CallFacts): Finding {
  const sysctl = memfdNoexec === undefined ? "" : `; vm.memfd_noexec is ${memfdNoexec}`;
  if (program !== undefined) {
    return native(
      "memory files",
      "broken",
      `a program in memory: ${program}${sysctl}`,
      `${NONE}: their init is one`,
    );
  }
  return memfdNoexec === 2
    ? native(
      "memory files",
      "ok",
      "vm.memfd_noexec is 2: programs in memory are refused",
      "the init of a container is a file without a name in the container's directory",
    )
    : native(
      "memory files",
      "ok",
      `memfd_create works${sysctl}`,
      "the init of a container is a sealed file in memory",
    );
}

function judgeSeccomp({ actions }: CallFacts): Finding {
  if (actions.length === 0) {
    return native(
      "seccomp",
      "broken",
      "the kernel has no filters of system calls",
      "umiak run refuses without --security-opt seccomp=unconfined; a config.json with a filter is refused",
    );
  }
  const short = actions.map((name) => name.replace("SCMP_ACT_", "").toLowerCase()).join(", ");
  return actions.includes("SCMP_ACT_NOTIFY")
    ? native("seccomp", "ok", `actions: ${short}`, "filters are made by umiak; umiak run has one of its own")
    : native("seccomp", "limited", `actions: ${short}`, "a config.json with SCMP_ACT_NOTIFY is refused");
}

function judgeOverlay({ overlay }: CallFacts, { root }: LinuxFacts): Finding {
  const how = root ? "by root" : "in a user namespace (userxattr)";
  return overlay === undefined
    ? native(
      "overlay",
      "ok",
      `mounted ${how} on the store's filesystem`,
      "layers are extracted once and shared",
    )
    : native(
      "overlay",
      "limited",
      `not mounted ${how}: ${overlay}`,
      "every container gets a copy of its image's files",
    );
}

function judgeModules({ modules }: LinuxFacts): Finding[] {
  const one = (name: string, kernelName: string, properties: string): Finding =>
    modules.includes(kernelName)
      ? native(name, "ok", "on", `a config.json may have ${properties}; umiak run sets none`)
      : native(name, "ok", "off, or not in the kernel", `a config.json that has ${properties} is refused`);
  const others = modules.filter((name) => !["apparmor", "selinux"].includes(name));
  return [
    one("AppArmor", "apparmor", "apparmorProfile"),
    one("SELinux", "selinux", "selinuxLabel or mountLabel"),
    ...others.length === 0
      ? []
      : [native("other modules", "ok", others.join(", "), "they do as they are set up")],
  ];
}

/** All findings about native containers; none where there is no Linux. */
export function judgeNative({ linux, architecture, oneId }: HostFacts): Finding[] {
  if (linux === undefined) return [];
  const { calls, noCalls } = linux, kernel = judgeKernel(linux, architecture);
  if (calls === undefined) {
    return [
      kernel,
      native(
        "system calls",
        "broken",
        noCalls ?? "unknown",
        `${NONE}: they need --allow-ffi, which means full trust`,
      ),
      ...judgeModules(linux),
    ];
  }
  return [
    kernel,
    judgeCalls(calls),
    judgeProgram(calls),
    ...judgeIds(linux, calls, oneId),
    ...judgeCgroups(linux, calls.cgroups),
    judgeSeccomp(calls),
    judgeOverlay(calls, linux),
    ...judgeModules(linux),
    ...judgeNetwork(calls.network),
  ];
}
