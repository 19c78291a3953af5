/** `umiak doctor`: exit code 1 if a kernel that was asked for does not work; without a name both are, but native only where there is Linux. @module */
import { doctor as examine, type DoctorReport, type Finding } from "../../runtime/engine/doctor/mod.ts";
import { styleFor } from "../help.ts";
import { type Parsed, UsageError } from "../parser.ts";

const KERNELS = ["native", "sandbox"] as const;
type Kernel = typeof KERNELS[number];

function askedFor([name]: readonly string[], { host }: DoctorReport): readonly Kernel[] {
  if (name === undefined) return host.os === "linux" ? KERNELS : ["sandbox"];
  return KERNELS.filter((kernel) => kernel === name);
}

/** Width of the names of findings. */
const WIDTH = 16;

function line({ about, state, found, effect }: Finding): string {
  return `  ${state.padEnd(8)} ${about.padEnd(WIDTH)} ${found}\n  ${" ".repeat(9 + WIDTH)} ${effect}`;
}

function text(report: DoctorReport, asked: readonly Kernel[]): string {
  const { bold } = styleFor(Deno.stdout.isTerminal(), Deno.env.get("NO_COLOR"));
  const of = (kernel: Finding["kernel"]): Finding[] =>
    report.findings.filter((each) => each.kernel === kernel);
  const parts = asked.map((kernel) => {
    const { works, reasons } = report.kernels[kernel];
    const state = !works ? "does not work" : reasons.length === 0 ? "works" : "works, within limits";
    const findings = of(kernel);
    return [
      bold(`${kernel}: ${state}`),
      ...findings.length === 0 ? reasons.map((each) => `  ${each}`) : findings.map(line),
    ];
  });
  return [...parts.flat(), bold("both:"), ...of("both").map(line)].join("\n");
}

/** See the module's comment. */
export async function doctor(parsed: Parsed): Promise<number> {
  const [name] = parsed.args;
  if (name !== undefined && !KERNELS.some((kernel) => kernel === name)) {
    throw new UsageError(`${JSON.stringify(name)} is neither native nor sandbox`, "umiak doctor");
  }
  const report = await examine();
  const asked = askedFor(parsed.args, report);
  console.log(parsed.has("json") ? JSON.stringify(report, null, 2) : text(report, asked));
  return asked.every((kernel) => report.kernels[kernel].works) ? 0 : 1;
}
