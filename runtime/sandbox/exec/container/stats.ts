/** What a container on the userland kernel uses: what its host process does (man 5 proc). @module */
import type { Container, Stats } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { ask } from "./ask.ts";
import { processesOf } from "./processes.ts";
import { isMember } from "./socket_directory.ts";

/** Nanoseconds of a clock tick: Linux shows times in hundredths of a second on every machine. */
const TICK = 10_000_000n;
const UNLIMITED = 2n ** 64n - 1n;
/** How long the host process may take to answer; what it does not say is taken from /proc. */
const ANSWER_MS = 250;

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
  const answer = await ask(container, { op: "stats" }, ANSWER_MS);
  const number = (name: string, otherwise: bigint): bigint =>
    isMember(container) && typeof answer?.[name] === "number" ? BigInt(answer[name]) : otherwise;
  const pids = typeof answer?.pids === "number" ? answer.pids : processesOf(container).length;
  const { resources } = (await container.spec()).linux;
  const limit = resources?.memory?.limit ?? -1n, pidsLimit = resources?.pids?.limit ?? 0n;
  return {
    // The process of a pod's member does nothing itself: what its programs use is counted where they are.
    cpuTotal: number("cpuNanoseconds", user + kernel),
    cpuKernel: isMember(container) ? 0n : kernel,
    memoryUsage: number("memory", BigInt(resident) * 1024n),
    memoryLimit: limit < 0n ? UNLIMITED : limit,
    pids,
    pidsLimit: pidsLimit > 0n ? Number(pidsLimit) : 0,
  };
}
