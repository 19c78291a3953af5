/** AppArmor's profiles of processes (config.md#linux-process, apparmorProfile): where the kernel has it, as in Debian's and Ubuntu's. @module */
import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

const POLICY = "/sys/kernel/security/apparmor";

function missing(): string | undefined {
  try {
    return Deno.statSync(POLICY).isDirectory ? undefined : "needs AppArmor";
  } catch {
    return "needs AppArmor in the kernel, and securityfs";
  }
}

const APPARMOR = {
  ...NATIVE,
  tools: ["apparmor_parser"],
  missing: NATIVE.missing ?? missing(),
};

async function parser(option: "--add" | "--remove", profile: string): Promise<void> {
  const child = new Deno.Command("apparmor_parser", {
    args: [option, "--skip-cache", "--quiet"],
    ...{ stdin: "piped", stderr: "piped" } as const,
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(profile));
  await writer.close();
  const { success, stderr } = await child.output();
  assert.ok(success, `apparmor_parser ${option}: ${new TextDecoder().decode(stderr)}`);
}

/** Runs `f` while the kernel knows a profile that forbids files of one name. */
async function withProfile(f: (name: string) => Promise<void>): Promise<void> {
  const name = `umiak-test-${crypto.randomUUID()}`;
  const profile = `profile "${name}" flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
  deny /**/forbidden rwl,
}
`;
  await parser("--add", profile);
  try {
    await f(name);
  } finally {
    await parser("--remove", profile);
  }
}

const SCRIPT = "cat /proc/self/attr/current; echo a >/dev/shm/allowed && cat /dev/shm/allowed; " +
  "echo b >/dev/shm/forbidden || echo refused";

testWhen(
  APPARMOR,
  "a process has the profile of config.json, and so has one of exec",
  () =>
    withProfile((name) =>
      withBench(async (bench) => {
        const bundle = nativeBundle(bench, "b", SCRIPT, (config: Config) => {
          config.process.apparmorProfile = name;
        });
        const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
        assert.equal(stdout, `${name} (enforce)\na\nrefused\n`);
        assert.match(stderr, /forbidden.*[Pp]ermission denied/);

        const waiting = nativeBundle(bench, "w", "sleep 1000");
        await bench.ok("run", "-d", "-b", waiting, "w");
        const args = ["w", "cat", "/proc/self/attr/current"];
        assert.equal(await bench.ok("exec", "--apparmor", name, ...args), `${name} (enforce)\n`);
        assert.equal(await bench.ok("exec", ...args), "unconfined\n");
      })
    ),
);

testWhen(
  APPARMOR,
  "a profile that the kernel does not know is an error that names it, and leaves nothing",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", "true", (config: Config) => {
        config.process.apparmorProfile = "umiak-test-none";
      });
      const { code, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.notEqual(code, 0);
      assert.match(stderr, /umiak-test-none.*(ENOENT|no such)/);
      assert.deepEqual(await bench.ok("list", "--quiet"), "");

      await bench.ok("run", "-d", "-b", nativeBundle(bench, "w", "sleep 1000"), "w");
      const exec = await bench.call("exec", "--apparmor", "umiak-test-none", "w", "true");
      assert.equal(exec.code, 255);
      assert.match(exec.stderr, /umiak-test-none.*(ENOENT|no such)/);
    }),
);
