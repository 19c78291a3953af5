/** `umiak doctor`: what this machine can do, and what umiak does about it. Facts are found out (facts.ts), and judged here: data in, data out. @module */
import { probeHost } from "./facts.ts";
import type { DoctorOptions } from "./facts.ts";
import { judgeDirectories } from "./judge_directories.ts";
import { judgeNative } from "./judge_native.ts";
import type { BackendName } from "../options.ts";
import type { DoctorReport, Finding, HostFacts, KernelReport } from "./types.ts";

export type { DoctorOptions } from "./facts.ts";
export type { DoctorReport, Finding, FindingState, KernelReport } from "./types.ts";

function judgeSandbox({ jspi, os, architecture }: HostFacts): Finding {
  const about = "WebAssembly", kernel = "sandbox";
  return jspi === undefined
    ? {
      ...{ about, kernel, state: "ok", found: `it can wait for promises (JSPI), on ${os}/${architecture}` },
      effect: "programs run in the userland kernel",
    }
    : {
      about,
      kernel,
      state: "broken",
      found: jspi,
      effect: "no program can be run in the userland kernel: Deno 2.9 or later can",
    };
}

/** What a kernel does, by the findings that it depends on. */
function reportOn(kernel: BackendName, findings: readonly Finding[]): KernelReport {
  const own = findings.filter((finding) => finding.kernel === kernel || finding.kernel === "both");
  const broken = own.filter(({ state }) => state === "broken");
  const reasons = (broken.length > 0 ? broken : own.filter(({ state }) => state === "limited"))
    .map(({ about, found }) => `${about}: ${found}`);
  return { works: broken.length === 0, reasons };
}

/** Judges a machine by its facts. */
export function judge(facts: HostFacts): DoctorReport {
  const { os, architecture, linux } = facts;
  const findings = [
    ...judgeNative(facts),
    judgeSandbox(facts),
    ...judgeDirectories(facts),
  ];
  return {
    version: 1,
    host: { os, architecture, ...linux === undefined ? {} : { release: linux.release, root: linux.root } },
    kernels: {
      native: linux === undefined
        ? { works: false, reasons: [`native containers need Linux, and this is ${os}`] }
        : reportOn("native", findings),
      sandbox: reportOn("sandbox", findings),
    },
    findings,
  };
}

/** Examines this machine: whatever is tried is harmless, and leaves nothing. */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  return judge(await probeHost(options));
}
