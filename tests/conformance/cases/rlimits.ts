/** config.md#posix-process: rlimits. @module */
import type { Case, Subject } from "../types.ts";

const MATCH =
  "config.md#posix-process: rlim.rlim_cur MUST match the configured value; rlim.rlim_max MUST match the configured value";

const limit = (type: string, soft: number, hard: number): Case => ({
  name: type,
  spec: MATCH,
  config: { process: { rlimits: [{ type, soft, hard }] } },
  expect: [[`limits.${type}`, "is", { soft: String(soft), hard: String(hard) }]],
});

/** process.rlimits. */
export const rlimits: Subject = {
  subject: "rlimits",
  cases: [
    limit("RLIMIT_AS", 4294967296, 8589934592),
    limit("RLIMIT_CORE", 0, 1024),
    limit("RLIMIT_CPU", 100, 200),
    limit("RLIMIT_DATA", 4294967296, 8589934592),
    limit("RLIMIT_FSIZE", 1048576, 2097152),
    limit("RLIMIT_LOCKS", 10, 20),
    limit("RLIMIT_MEMLOCK", 65536, 131072),
    limit("RLIMIT_MSGQUEUE", 8192, 16384),
    limit("RLIMIT_NICE", 0, 0),
    limit("RLIMIT_NOFILE", 100, 200),
    limit("RLIMIT_NPROC", 1000, 2000),
    limit("RLIMIT_RSS", 1048576, 2097152),
    limit("RLIMIT_RTPRIO", 0, 0),
    limit("RLIMIT_RTTIME", 1000, 2000),
    limit("RLIMIT_SIGPENDING", 50, 60),
    limit("RLIMIT_STACK", 4194304, 8388608),
    {
      name: "more than one",
      spec: MATCH,
      config: {
        process: {
          rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 1 }, { type: "RLIMIT_CPU", soft: 7, hard: 7 }],
        },
      },
      expect: [
        ["limits.RLIMIT_CORE", "is", { soft: "0", hard: "1" }],
        ["limits.RLIMIT_CPU", "is", { soft: "7", hard: "7" }],
      ],
    },
    {
      name: "an unknown type is an error",
      spec:
        "config.md#posix-process: The runtime MUST generate an error for any values which cannot be mapped to a relevant kernel interface",
      config: { process: { rlimits: [{ type: "RLIMIT_NONSENSE", soft: 1, hard: 1 }] } },
      fails: "create",
    },
    {
      name: "a type twice is an error",
      spec:
        "config.md#posix-process: If rlimits contains duplicated entries with same type, the runtime MUST generate an error",
      config: {
        process: {
          rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 1 }, { type: "RLIMIT_CORE", soft: 0, hard: 2 }],
        },
      },
      fails: "create",
    },
    {
      name: "a soft limit above the hard one is an error",
      spec: "runtime.md#create: If the runtime cannot apply a property […] it MUST generate an error",
      config: { process: { rlimits: [{ type: "RLIMIT_NOFILE", soft: 200, hard: 100 }] } },
      fails: "create",
    },
  ],
};
