/** Kernel parameters of an IPC namespace (man 5 proc_sys_kernel, man 7 mq_overview). @module */
import { EINVAL } from "../../../../fs/abi/errno.ts";
import type { IpcLimits } from "./limits.ts";

/** A parameter: its value as text, and what a write does. */
export interface LimitParameter {
  /** As it is read, without a newline. */
  read(limits: IpcLimits): string;
  /** 0, or -EINVAL. */
  write(limits: IpcLimits, text: string): number;
}

type NumberField = {
  [K in keyof IpcLimits]: IpcLimits[K] extends number ? K : never;
}[keyof IpcLimits];

function integer(field: NumberField, from: number, to: number): LimitParameter {
  return {
    read: (limits) => String(limits[field]),
    write(limits, text) {
      const word = text.trim();
      if (!/^-?\d+$/.test(word) || Number(word) < from || Number(word) > to) return -EINVAL;
      limits[field] = Number(word);
      return 0;
    },
  };
}

function long(field: "shmmax" | "shmall"): LimitParameter {
  return {
    read: (limits) => String(limits[field]),
    write(limits, text) {
      const word = text.trim();
      if (!/^\d+$/.test(word) || BigInt(word) >= 2n ** 64n) return -EINVAL;
      limits[field] = BigInt(word);
      return 0;
    },
  };
}

const SEM = ["semmsl", "semmns", "semopm", "semmni"] as const;
const INT_MAX = 2 ** 31 - 1;

/** kernel.sem: four numbers; those that are left out stay. */
const sem: LimitParameter = {
  read: (limits) => SEM.map((field) => limits[field]).join("\t"),
  write(limits, text) {
    const words = text.trim().split(/\s+/);
    if (words.length > SEM.length || !words.every((word) => /^\d+$/.test(word) && Number(word) <= INT_MAX)) {
      return -EINVAL;
    }
    if (words.length > 3 && Number(words[3]) > 32768) return -EINVAL;
    words.forEach((word, i) => limits[SEM[i]!] = Number(word));
    return 0;
  },
};

/** By name. */
export const IPC_PARAMETERS: Readonly<Record<string, LimitParameter>> = {
  "fs.mqueue.msg_default": integer("defaultMessages", 1, 65536),
  "fs.mqueue.msg_max": integer("queueMessages", 1, 65536),
  "fs.mqueue.msgsize_default": integer("defaultMessageSize", 128, 16 * 1024 * 1024),
  "fs.mqueue.msgsize_max": integer("queueMessageSize", 128, 16 * 1024 * 1024),
  "fs.mqueue.queues_max": integer("queuesMax", 0, INT_MAX),
  "kernel.msgmax": integer("msgmax", 0, INT_MAX),
  "kernel.msgmnb": integer("msgmnb", 0, INT_MAX),
  "kernel.msgmni": integer("msgmni", 0, 32768),
  "kernel.sem": sem,
  "kernel.shm_rmid_forced": integer("shmRmidForced", 0, 1),
  "kernel.shmall": long("shmall"),
  "kernel.shmmax": long("shmmax"),
  "kernel.shmmni": integer("shmmni", 0, 32768),
};
