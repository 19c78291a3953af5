/** What a container on the userland kernel uses: what its host process does (man 5 proc). @module */
import type { Container, Stats } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { processesOf } from "./processes.ts";

/** Nanoseconds of a clock tick: Linux shows times in hundredths of a second on every machine. */
const TICK = 10_000_000n;
const UNLIMITED = 2n ** 64n - 1n;

/** Its use of resources. */
export async function statsOf(container: Container): Promise<Stats> {
  const { id, init } = container.record;
  if (Deno.build.os !== "linux") {
    throw new LifecycleError(`measuring container ${JSON.stringify(id)}: only on Linux`, "unsupported");
  }
  const stat = Deno.readTextFileSync(`/proc/${init!.pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const user = BigInt(fields[11]!) * TICK, kernel = BigInt(fields[12]!) * TICK;
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${init!.pid}/status`))?.[1] ?? "0";
  const { resources } = (await container.spec()).linux;
  const limit = resources?.memory?.limit ?? -1n, pids = resources?.pids?.limit ?? 0n;
  return {
    cpuTotal: user + kernel,
    cpuKernel: kernel,
    memoryUsage: BigInt(resident) * 1024n,
    memoryLimit: limit < 0n ? UNLIMITED : limit,
    pids: processesOf(container).length,
    pidsLimit: pids > 0n ? Number(pids) : 0,
  };
}
