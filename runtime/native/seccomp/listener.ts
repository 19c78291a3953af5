/** What a filter asks of somebody outside. @module */
import type { Seccomp } from "../../spec/types.ts";

/** True if calls are to be answered by a listener, whose descriptor cannot be handed out (config-linux.md#containerprocessstate). */
export function asksListener({ defaultAction, syscalls }: Seccomp): boolean {
  return [defaultAction, ...syscalls.map(({ action }) => action)].includes("SCMP_ACT_NOTIFY");
}
