/** `umiak-runtime state`. @module */
import { shellStatus } from "../../../runtime/abi/linux/wait_status.ts";
import { type Described, state } from "../../../runtime/lifecycle/list.ts";
import type { Parsed } from "../../parser.ts";
import { print, type Runtime } from "../runtime.ts";

/** What callers are told of a container: the state, and what runc adds to it. */
export function described({ state, record, exit }: Described): Record<string, unknown> {
  const { ociVersion, id, status, pid = 0, bundle, annotations } = state;
  return {
    ...{ ociVersion, id, pid, status, bundle },
    rootfs: record.rootfs,
    created: record.created,
    annotations,
    ...(exit === undefined || exit.status === null ? {} : { exitStatus: shellStatus(exit.status) }),
  };
}

/** Prints the state as JSON. */
export async function stateCommand(parsed: Parsed, { context }: Runtime): Promise<number> {
  print(`${JSON.stringify(described(await state(context, parsed.args[0]!)), null, 2)}\n`);
  return 0;
}
