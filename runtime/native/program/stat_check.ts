/** newfstatat(2) with what it must find: a call and a look at its struct stat. @module */
import { EEXIST } from "../../../fs/abi/errno.ts";
import { S_IFBLK, S_IFCHR, S_IFMT } from "../../../fs/abi/mode.ts";
import type { CallStep, NodeWanted } from "../../program/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { type NativeStep, ref } from "../table/types.ts";

const STAT_SIZE = 144;
/** Offsets in struct stat (asm/stat.h, asm-generic/stat.h). */
const OFFSETS = { x86_64: { mode: 24, rdev: 40 }, aarch64: { mode: 16, rdev: 32 } } as const;

/** The steps of a call that fails with EEXIST where something else is. `n` tells it from others. */
export function checkNode(step: CallStep, n: number, architecture: Architecture): NativeStep[] {
  const { call: _call, args: [dir, path, wanted, flags], onError, ok: _ok, result: _result, ...rest } = step;
  const { st_fmt, st_rdev } = wanted as NodeWanted;
  const { mode, rdev } = OFFSETS[architecture];
  const buffer = `stat${n}`, wrong = `other node ${n}`, right = `same node ${n}`;
  const found = (at: number, width: 4 | 8): NativeStep => ({
    ...{ op: "LD", args: [{ place: buffer }, at], width, result: "stat" },
  });
  return [
    {
      ...rest,
      native: "newfstatat",
      args: [dir!, path!, { bytes: new Uint8Array(STAT_SIZE), name: buffer }, flags!],
      ...onError === undefined ? {} : { onError },
    },
    found(mode, 4),
    { op: "AND", args: [ref("stat"), S_IFMT], result: "stat" },
    { op: "JEQ", args: [ref("stat"), st_fmt], target: `type ${n}` },
    { jump: wrong },
    { label: `type ${n}` },
    ...st_fmt === S_IFCHR || st_fmt === S_IFBLK
      ? [found(rdev, 8), { op: "JEQ", args: [ref("stat"), st_rdev], target: right } satisfies NativeStep]
      : [{ jump: right }],
    { label: wrong },
    ...onError !== undefined && onError !== "ignore"
      ? [{ jump: onError }]
      : onError === "ignore"
      ? []
      : [{ fail: EEXIST, what: step.what }],
    { label: right },
  ];
}
