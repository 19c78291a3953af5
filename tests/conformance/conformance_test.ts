/** The cases as tests: on the userland kernel everywhere, on Linux itself where root runs them, and on Debian's runtimes, which judge the cases. @module */
import assert from "node:assert/strict";
import { reasonAgainst, testWhen } from "../support/when.ts";
import type { Adapter } from "./adapters/adapter.ts";
import { hostAdapter } from "./adapters/host.ts";
import { sandboxAdapter } from "./adapters/sandbox.ts";
import { SUBJECTS } from "./cases/mod.ts";
import { differencesOf } from "./differences.ts";
import { CRUN_VERSION } from "./differences_crun.ts";
import { RUNC_VERSION } from "./differences_runc.ts";
import { runSubjects, surprises } from "./run.ts";

async function everyCase(adapter: Adapter): Promise<void> {
  const said = surprises(adapter.name, await runSubjects(adapter, SUBJECTS));
  assert.equal(said.length, 0, `${adapter.name} is not as it is known to be:\n${said.join("\n")}`);
}

/** Why a runtime of the host is not asked; the reasons of its differences are about one version. */
function otherVersion(name: string, version: string): string | undefined {
  const absent = reasonAgainst({ tools: [name] });
  if (absent !== undefined) return absent;
  const { stdout } = new Deno.Command(name, { args: ["--version"] }).outputSync();
  const text = new TextDecoder().decode(stdout).split("\n")[0]!;
  return text.includes(version) ? undefined : `its differences are those of ${version}, this is ${text}`;
}

const sandbox = sandboxAdapter();
testWhen(
  { missing: sandbox.missing },
  "sandbox: every case is as the specification says, or differs for a listed reason",
  () => everyCase(sandbox),
);

const native = hostAdapter("native");
testWhen(
  { missing: native.missing },
  "native: every case is as the specification says, or differs for a listed reason; nothing is left",
  () => everyCase(native),
);

for (const [name, version] of [["runc", RUNC_VERSION], ["crun", CRUN_VERSION]] as const) {
  const adapter = hostAdapter(name);
  testWhen(
    { missing: adapter.missing ?? otherVersion(name, version) },
    `${name} judges every case`,
    () => everyCase(adapter),
  );
}

Deno.test("every case has a name of its own, and says where its rule stands", () => {
  for (const { subject, cases } of SUBJECTS) {
    const names = cases.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names, subject);
    for (const { name, spec } of cases) assert.match(spec, /^[a-z-]+\.md#[a-z0-9-]+/, `${subject}: ${name}`);
  }
});

Deno.test("docs/CONFORMANCE.md lists every difference and every subject", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/CONFORMANCE.md", import.meta.url));
  const listed = ["sandbox", "native", "runc", "crun"].flatMap((name) => differencesOf(name));
  for (const { subject, name, reason } of listed) {
    assert.ok(text.includes(`- ${subject}: ${name}\n`), `${subject}: ${name}: run \`deno task conformance\``);
    assert.ok(text.includes(`- ${reason}\n`), reason);
  }
  for (const { subject } of SUBJECTS) assert.ok(text.includes(`| ${subject} |`), subject);
});
