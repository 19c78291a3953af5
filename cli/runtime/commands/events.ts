/** `umiak-runtime events`. @module */
import { LifecycleError } from "../../../runtime/lifecycle/error.ts";
import { stats } from "../../../runtime/lifecycle/watch.ts";
import { setLongTimeout } from "../../../runtime/lifecycle/long_timeout.ts";
import { exactJson } from "../../../runtime/spec/encode.ts";
import type { Parsed } from "../../parser.ts";
import { parseDuration } from "../../values.ts";
import { print, type Runtime } from "../runtime.ts";

const INTERVAL = "5s";

async function report(runtime: Runtime, id: string): Promise<void> {
  const { cpuTotal, cpuKernel, memoryUsage, memoryLimit, pids, pidsLimit, data: all } = await stats(
    runtime.context,
    id,
  );
  const data = all ?? {
    cpu: { usage: { total: cpuTotal, kernel: cpuKernel, user: cpuTotal - cpuKernel }, throttling: {} },
    memory: { usage: { limit: memoryLimit, usage: memoryUsage } },
    pids: { current: pids, ...pidsLimit > 0 ? { limit: pidsLimit } : {} },
    blkio: {},
    hugetlb: {},
  };
  print(`${exactJson({ type: "stats", id, data })}\n`);
}

/** Prints what a container uses: once, or until it is stopped. */
export async function eventsCommand(parsed: Parsed, runtime: Runtime): Promise<number> {
  const id = parsed.args[0]!;
  await report(runtime, id);
  if (parsed.has("stats")) return 0;
  const ms = parseDuration(parsed.value("interval") ?? INTERVAL, "--interval");
  for (;;) {
    await new Promise<void>((resolve) => setLongTimeout(resolve, ms));
    try {
      await report(runtime, id);
    } catch (error) {
      if (error instanceof LifecycleError && (error.reason === "state" || error.reason === "absent")) {
        return 0;
      }
      throw error;
    }
  }
}
