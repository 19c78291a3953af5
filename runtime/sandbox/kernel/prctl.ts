/** prctl(2), without the operations that take a buffer. @module */
import { EINVAL } from "../../../fs/abi/errno.ts";
import { CAP_LAST } from "../../abi/linux/capability.ts";
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_IS_SET,
  PR_CAP_AMBIENT_LOWER,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_DUMPABLE,
  PR_GET_KEEPCAPS,
  PR_GET_NO_NEW_PRIVS,
  PR_GET_PDEATHSIG,
  PR_GET_SECUREBITS,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  PR_SET_SECUREBITS,
} from "../../abi/linux/prctl.ts";
import { SIGMAX } from "../../abi/linux/signal.ts";
import { CapSet } from "./cap_set.ts";
import { type Credentials, SECBIT_KEEP_CAPS } from "./credentials.ts";
import { dropBounding, lowerAmbient, raiseAmbient, setKeepCaps, setSecurebits } from "./set_caps.ts";
import type { Task } from "./task.ts";

/** Puts changed credentials in place that make nobody else of the task: 0, or passes the errno on. */
function commit(task: Task, next: Credentials | number): number {
  if (typeof next === "number") return next;
  task.cred = next;
  return 0;
}

function ambient(task: Task, operation: number, cap: number): number {
  const { cred } = task;
  switch (operation) {
    case PR_CAP_AMBIENT_CLEAR_ALL:
      return cap === 0 ? commit(task, cred.with({ ambient: CapSet.EMPTY })) : -EINVAL;
    case PR_CAP_AMBIENT_RAISE:
      return commit(task, raiseAmbient(cred, cap));
    case PR_CAP_AMBIENT_LOWER:
      return commit(task, lowerAmbient(cred, cap));
    case PR_CAP_AMBIENT_IS_SET:
      return cap < 0 || cap > CAP_LAST ? -EINVAL : Number(cred.fields.ambient.has(cap));
  }
  return -EINVAL;
}

/** prctl(2). Getters that answer through a pointer (PDEATHSIG, CHILD_SUBREAPER) give their value as the result. */
export function prctl(task: Task, operation: number, arg2 = 0, arg3 = 0, arg4 = 0, arg5 = 0): number {
  const { cred } = task;
  switch (operation) {
    case PR_SET_PDEATHSIG:
      if (arg2 < 0 || arg2 > SIGMAX) return -EINVAL;
      task.parentDeathSignal = arg2;
      return 0;
    case PR_GET_PDEATHSIG:
      return task.parentDeathSignal;
    case PR_SET_DUMPABLE:
      if (arg2 !== 0 && arg2 !== 1) return -EINVAL;
      task.dumpable = arg2 === 1;
      return 0;
    case PR_GET_DUMPABLE:
      return Number(task.dumpable);
    case PR_SET_KEEPCAPS:
      return commit(task, setKeepCaps(cred, arg2));
    case PR_GET_KEEPCAPS:
      return Number(cred.secure(SECBIT_KEEP_CAPS));
    case PR_CAPBSET_READ:
      return arg2 < 0 || arg2 > CAP_LAST ? -EINVAL : Number(cred.fields.bounding.has(arg2));
    case PR_CAPBSET_DROP:
      return commit(task, dropBounding(cred, arg2));
    case PR_SET_SECUREBITS:
      return commit(task, setSecurebits(cred, arg2));
    case PR_GET_SECUREBITS:
      return cred.fields.securebits;
    case PR_SET_CHILD_SUBREAPER:
      task.isSubreaper = arg2 !== 0;
      return 0;
    case PR_GET_CHILD_SUBREAPER:
      return Number(task.isSubreaper);
    case PR_SET_NO_NEW_PRIVS:
      if (arg2 !== 1 || arg3 !== 0 || arg4 !== 0 || arg5 !== 0) return -EINVAL;
      return commit(task, cred.with({ noNewPrivs: true }));
    case PR_GET_NO_NEW_PRIVS:
      return arg2 !== 0 || arg3 !== 0 || arg4 !== 0 || arg5 !== 0 ? -EINVAL : Number(cred.fields.noNewPrivs);
    case PR_CAP_AMBIENT:
      return arg4 !== 0 || arg5 !== 0 ? -EINVAL : ambient(task, arg2, arg3);
  }
  return -EINVAL;
}
