/** Mount options of proc (man 5 proc, "Mount options"). @module */
import { EINVAL } from "../abi/errno.ts";

/** hidepid: what of other people's processes is seen. */
export const HIDEPID = { OFF: 0, NO_ACCESS: 1, INVISIBLE: 2, PTRACEABLE: 4 } as const;

const HIDEPID_WORDS: Readonly<Record<string, number>> = {
  ...{ off: HIDEPID.OFF, noaccess: HIDEPID.NO_ACCESS },
  ...{ invisible: HIDEPID.INVISIBLE, ptraceable: HIDEPID.PTRACEABLE },
};

/** What an instance shows. */
export interface ProcOptions {
  /** One of HIDEPID. */
  readonly hidepid: number;
  /** Members of this group (the kernel's id) see everything, but with PTRACEABLE. */
  readonly gid: number;
  /** subset=pid: nothing but processes. */
  readonly onlyPids: boolean;
}

/** Everything is shown. */
export const PROC_DEFAULTS: ProcOptions = { hidepid: HIDEPID.OFF, gid: 0, onlyPids: false };

/** Reads mount options; `groupOf` is the kernel's id of a group, -1 for none. -EINVAL for what is not known. */
export function parseProcOptions(
  options: readonly string[],
  groupOf: (gid: number) => number,
): ProcOptions | number {
  let { hidepid, gid, onlyPids } = PROC_DEFAULTS;
  for (const option of options) {
    const at = option.indexOf("=");
    const [key, value] = at < 0 ? [option, ""] : [option.slice(0, at), option.slice(at + 1)];
    if (key === "hidepid") {
      hidepid = HIDEPID_WORDS[value] ?? (/^[0124]$/.test(value) ? Number(value) : -1);
      if (hidepid < 0) return -EINVAL;
    } else if (key === "gid" && /^\d{1,10}$/.test(value)) {
      gid = groupOf(Number(value));
      if (gid < 0) return -EINVAL;
    } else if (key === "subset" && value === "pid") onlyPids = true;
    else return -EINVAL;
  }
  return { hidepid, gid, onlyPids };
}

/** As mountinfo shows them. */
export function showProcOptions({ hidepid, gid, onlyPids }: ProcOptions): string {
  const word = Object.keys(HIDEPID_WORDS).find((each) => HIDEPID_WORDS[each] === hidepid);
  return [
    ...gid === 0 ? [] : [`gid=${gid}`],
    ...hidepid === HIDEPID.OFF ? [] : [`hidepid=${word}`],
    ...onlyPids ? ["subset=pid"] : [],
  ].join(",");
}
