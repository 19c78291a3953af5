/** config-linux.md#sysctl. @module */
import type { Case, Subject } from "../types.ts";

const SYSCTL =
  "config-linux.md#sysctl: sysctl (object, OPTIONAL) allows kernel parameters to be modified at runtime for the container";
const ERROR =
  "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error";

const set = (name: string, value: string): Case => {
  const file = `/proc/sys/${name.replaceAll(".", "/")}`;
  return {
    name,
    spec: SYSCTL,
    config: { linux: { sysctl: { [name]: value } } },
    probe: [`read=${file}`],
    expect: [[`asked.read.${file}`, "is", `${value}\n`]],
  };
};

/** linux.sysctl. */
export const sysctl: Subject = {
  subject: "sysctl",
  cases: [
    set("net.ipv4.ip_forward", "1"),
    set("net.core.somaxconn", "256"),
    set("net.ipv4.ip_unprivileged_port_start", "80"),
    set("net.ipv4.ping_group_range", "0\t0"),
    set("kernel.shmmni", "99"),
    set("kernel.shmmax", "1048576"),
    set("kernel.msgmax", "4096"),
    set("kernel.sem", "100\t1000\t50\t10"),
    set("kernel.shm_rmid_forced", "1"),
    set("fs.mqueue.msg_max", "20"),
    {
      name: "of a namespace that the container does not have is an error",
      spec: ERROR,
      config: {
        linux: {
          namespaces: [{ type: "pid" }, { type: "mount" }, { type: "uts" }, { type: "network" }],
          sysctl: { "kernel.shmmni": "99" },
        },
      },
      fails: "create",
    },
    {
      name: "of no namespace is an error",
      spec: ERROR,
      config: { linux: { sysctl: { "vm.overcommit_memory": "1" } } },
      fails: "create",
    },
    {
      name: "one that does not exist is an error",
      spec: ERROR,
      config: { linux: { sysctl: { "net.ipv4.no_such_parameter": "1" } } },
      fails: "create",
    },
    {
      name: "a value that is not one is an error",
      spec: ERROR,
      config: { linux: { sysctl: { "kernel.shmmni": "many" } } },
      fails: "create",
    },
  ],
};
