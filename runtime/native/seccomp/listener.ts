/** What a filter asks of somebody outside. @module */
import type { Seccomp } from "../../spec/types.ts";

/** A flag that Linux takes only of filters with a listener (man 2 seccomp). */
export const OF_LISTENERS = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";

/** True if calls are to be answered by a listener, whose descriptor cannot be handed out (config-linux.md#containerprocessstate). */
export function asksListener({ defaultAction, syscalls }: Seccomp): boolean {
  return [defaultAction, ...syscalls.map(({ action }) => action)].includes("SCMP_ACT_NOTIFY");
}
