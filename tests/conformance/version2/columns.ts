/** Cases that want cgroups of version 2 alone, run in a machine that has them. @module */
import { onQemu, withoutQemu } from "../../machines/qemu/machine.ts";
import type { HostRuntime } from "../adapters/host.ts";
import type { Column } from "../document.ts";
import type { Case, Result } from "../types.ts";
import { VERSION2_SUBJECTS } from "./cases.ts";

/** What the machine says of a runtime: results by subject and name of the case. */
export interface Answer {
  readonly missing?: string | undefined;
  readonly results: Readonly<Record<string, Result>>;
}

/** A case's name among all of them. */
export const caseName = (subject: string, { name }: Case): string => `${subject}: ${name}`;

const CASES = VERSION2_SUBJECTS.flatMap(({ subject, cases }) => cases.map((test) => ({ subject, test })));

/** Runs them on one runtime. */
export async function version2Column(name: HostRuntime): Promise<Column> {
  const without = withoutQemu("x86_64");
  if (without !== undefined) return { name, rows: [], missing: without };
  const { code, stdout, stderr, console } = await onQemu(
    "x86_64",
    // A disk has weights when somebody counts what they cost there.
    `echo '8:0 enable=1' >/sys/fs/cgroup/io.cost.qos
deno run -A --no-check --no-lock tests/conformance/version2/guest.ts ${name}`,
  );
  if (code !== 0) {
    throw new Error(`cases of ${name} on Debian's kernel: exit code ${code}: ${stderr}${console}`);
  }
  const { missing, results } = JSON.parse(stdout) as Answer;
  const resultOf = ({ subject, test }: typeof CASES[number]): Result =>
    results[caseName(subject, test)] ?? { outcome: "fail", why: "the machine does not know the case" };
  const rows = missing === undefined ? CASES.map((each) => ({ ...each, result: resultOf(each) })) : [];
  return { name, rows, missing };
}
