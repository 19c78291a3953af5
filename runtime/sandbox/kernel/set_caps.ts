/** Changes of capabilities and securebits (man 2 capset, man 7 capabilities, man 2 prctl): new credentials, or a negative errno. @module */
import { EINVAL, EPERM } from "../../../fs/abi/errno.ts";
import { CAP_LAST } from "../../abi/linux/capability.ts";
import { CapSet } from "./cap_set.ts";
import { type Credentials, SECBIT_KEEP_CAPS, SECBIT_NO_CAP_AMBIENT_RAISE } from "./credentials.ts";

const CAP_SETPCAP = 8;
/** Every flag, and every lock of one. */
const SECURE_ALL = 0x55, SECURE_LOCKS = 0xaa;

const known = (cap: number): boolean => cap >= 0 && cap <= CAP_LAST;

/** capset(2). */
export function capset(
  cred: Credentials,
  effective: CapSet,
  permitted: CapSet,
  inheritable: CapSet,
): Credentials | number {
  const f = cred.fields;
  if (!cred.capable(CAP_SETPCAP) && !inheritable.within(f.inheritable.or(f.permitted))) return -EPERM;
  if (!inheritable.within(f.inheritable.or(f.bounding))) return -EPERM;
  if (!permitted.within(f.permitted) || !effective.within(permitted)) return -EPERM;
  const ambient = f.ambient.and(permitted).and(inheritable);
  return cred.with({ effective, permitted, inheritable, ambient });
}

/** PR_CAPBSET_DROP. */
export function dropBounding(cred: Credentials, cap: number): Credentials | number {
  if (!cred.capable(CAP_SETPCAP)) return -EPERM;
  return known(cap) ? cred.with({ bounding: cred.fields.bounding.without(CapSet.of([cap])) }) : -EINVAL;
}

/** PR_CAP_AMBIENT_RAISE: the capability must be permitted and inheritable. */
export function raiseAmbient(cred: Credentials, cap: number): Credentials | number {
  if (!known(cap)) return -EINVAL;
  const f = cred.fields;
  if (!f.permitted.has(cap) || !f.inheritable.has(cap)) return -EPERM;
  if (cred.secure(SECBIT_NO_CAP_AMBIENT_RAISE)) return -EPERM;
  return cred.with({ ambient: f.ambient.or(CapSet.of([cap])) });
}

/** PR_CAP_AMBIENT_LOWER. */
export function lowerAmbient(cred: Credentials, cap: number): Credentials | number {
  return known(cap) ? cred.with({ ambient: cred.fields.ambient.without(CapSet.of([cap])) }) : -EINVAL;
}

/** PR_SET_SECUREBITS: what is locked stays, and locks are not taken off. */
export function setSecurebits(cred: Credentials, bits: number): Credentials | number {
  const old = cred.fields.securebits;
  const changesLocked = ((old & SECURE_LOCKS) >>> 1 & (old ^ bits)) !== 0;
  const unlocks = (old & SECURE_LOCKS & ~bits) !== 0;
  if (changesLocked || unlocks || (bits & ~(SECURE_ALL | SECURE_LOCKS)) !== 0) return -EPERM;
  return cred.capable(CAP_SETPCAP) ? cred.with({ securebits: bits }) : -EPERM;
}

/** PR_SET_KEEPCAPS. */
export function setKeepCaps(cred: Credentials, on: number): Credentials | number {
  if (on !== 0 && on !== 1) return -EINVAL;
  const { securebits } = cred.fields;
  if ((securebits & SECBIT_KEEP_CAPS << 1) !== 0) return -EPERM;
  return cred.with({ securebits: on === 1 ? securebits | SECBIT_KEEP_CAPS : securebits & ~SECBIT_KEEP_CAPS });
}
