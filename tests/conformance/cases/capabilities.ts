/** config.md#linux-process: capabilities, noNewPrivileges. @module */
import type { Subject } from "../types.ts";

const EFFECTIVE =
  "config.md#linux-process: the effective field is an array of effective capabilities that are kept for the process";
const ALL_OF = (names: readonly string[]): object => ({
  ...{ bounding: names, effective: names, permitted: names, inheritable: names, ambient: names },
});

/** process.capabilities, process.noNewPrivileges. */
export const capabilities: Subject = {
  subject: "capabilities",
  cases: [
    {
      name: "root has the listed ones",
      spec: EFFECTIVE,
      config: {
        process: {
          capabilities: {
            ...{
              bounding: ["CAP_KILL", "CAP_CHOWN"],
              effective: ["CAP_KILL"],
              permitted: ["CAP_KILL", "CAP_CHOWN"],
            },
          },
        },
      },
      expect: [
        ["capabilities.bounding", "is", ["CAP_CHOWN", "CAP_KILL"]],
        ["capabilities.permitted", "is", ["CAP_CHOWN", "CAP_KILL"]],
        ["capabilities.ambient", "is", []],
      ],
    },
    {
      name: "without capabilities there are none",
      spec:
        "config.md#linux-process: capabilities (object, OPTIONAL) […] specifies the sets of capabilities for the process",
      config: { process: { capabilities: null } },
      expect: [["capabilities.effective", "is", []], ["capabilities.permitted", "is", []], [
        ...["capabilities.bounding", "is", []] as const,
      ]],
    },
    {
      name: "empty sets",
      spec: EFFECTIVE,
      config: {
        process: {
          capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
        },
      },
      expect: [
        ["capabilities.effective", "is", []],
        ["capabilities.permitted", "is", []],
        ["capabilities.bounding", "is", []],
        ["capabilities.inheritable", "is", []],
      ],
    },
    {
      name: "a user has none without ambient ones",
      spec: EFFECTIVE,
      config: { process: { user: { uid: 1000 } } },
      expect: [["capabilities.effective", "is", []], ["capabilities.bounding", "has", "CAP_KILL"]],
    },
    {
      name: "ambient capabilities reach a user's program",
      spec:
        "config.md#linux-process: the ambient field is an array of ambient capabilities that are kept for the process",
      config: {
        process: { user: { uid: 1000 }, capabilities: ALL_OF(["CAP_KILL", "CAP_NET_BIND_SERVICE"]) },
      },
      expect: [
        ["capabilities.ambient", "is", ["CAP_KILL", "CAP_NET_BIND_SERVICE"]],
        ["capabilities.effective", "is", ["CAP_KILL", "CAP_NET_BIND_SERVICE"]],
        ["capabilities.permitted", "is", ["CAP_KILL", "CAP_NET_BIND_SERVICE"]],
        ["capabilities.inheritable", "is", ["CAP_KILL", "CAP_NET_BIND_SERVICE"]],
      ],
    },
    {
      name: "inheritable",
      spec:
        "config.md#linux-process: the inheritable field is an array of inheritable capabilities that are kept for the process",
      config: {
        process: {
          capabilities: {
            ...{
              bounding: ["CAP_KILL"],
              effective: ["CAP_KILL"],
              permitted: ["CAP_KILL"],
              inheritable: ["CAP_KILL"],
            },
          },
        },
      },
      expect: [["capabilities.inheritable", "is", ["CAP_KILL"]]],
    },
    {
      name: "the last and the first",
      spec: EFFECTIVE,
      config: { process: { capabilities: ALL_OF(["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"]) } },
      expect: [["capabilities.effective", "is", ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"]]],
    },
    {
      name: "unknown ones are a warning",
      spec:
        "config.md#linux-process: Any value which cannot be mapped to a relevant kernel interface […] MUST be logged as a warning",
      config: { process: { capabilities: { bounding: ["CAP_KILL", "CAP_NO_SUCH_THING"] } } },
      expect: [["capabilities.bounding", "is", ["CAP_KILL"]]],
    },
    {
      name: "they decide: no CAP_DAC_OVERRIDE",
      spec: EFFECTIVE,
      probe: ["make=/locked/x"],
      add: {
        mounts: [{
          ...{ destination: "/locked", type: "tmpfs", source: "tmpfs" },
          options: ["mode=0500", "uid=1000"],
        }],
      },
      expect: [["asked.make./locked/x", "is", { error: "EACCES" }]],
    },
    {
      name: "they decide: CAP_DAC_OVERRIDE",
      spec: EFFECTIVE,
      probe: ["make=/locked/x"],
      config: {
        process: {
          capabilities: {
            ...{
              bounding: ["CAP_DAC_OVERRIDE"],
              effective: ["CAP_DAC_OVERRIDE"],
              permitted: ["CAP_DAC_OVERRIDE"],
            },
          },
        },
      },
      add: {
        mounts: [{
          ...{ destination: "/locked", type: "tmpfs", source: "tmpfs" },
          options: ["mode=0500", "uid=1000"],
        }],
      },
      expect: [["asked.make./locked/x", "is", { ok: true }]],
    },
    {
      name: "noNewPrivileges",
      spec:
        "config.md#linux-process: setting noNewPrivileges to true prevents the process from gaining additional privileges",
      config: { process: { noNewPrivileges: true } },
      expect: [["noNewPrivs", "is", "1"]],
    },
    {
      name: "without noNewPrivileges",
      spec: "config.md#linux-process: noNewPrivileges (bool, OPTIONAL)",
      config: { process: { noNewPrivileges: null } },
      expect: [["noNewPrivs", "is", "0"]],
    },
  ],
};
