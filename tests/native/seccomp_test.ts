import assert from "node:assert/strict";
import { syscallNumber } from "../../runtime/abi/linux/syscall_numbers.ts";
import { syscallTable } from "../../runtime/abi/linux/syscall_table.ts";
import { podmanProfile } from "../../runtime/native/seccomp/testing/profiles.ts";
import { type Bench, withBench } from "../runtime/support.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { type Config, inUserNamespace, NATIVE, nativeBundle, WITH_RUNC } from "./support.ts";

const PERL = { ...NATIVE, tools: ["perl"], missing: reasonAgainst(NATIVE) };
const machine = Deno.build.arch === "aarch64" ? "aarch64" : "x86_64";
const OWN = machine === "x86_64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64";

/** A program that makes calls by number: what each returns, by its errno. */
const calls = (...all: readonly (readonly [number, ...number[]])[]): string[] => {
  const lines = all.map((call) => `$! = 0; syscall(${call.join(", ")}); print int($!), "\\n";`);
  return ["perl", "-e", `$| = 1; ${lines.join(" ")}`];
};

const EPERM = 1, EIO = 5, ENOSYS = 38;
const GETPID = [syscallNumber("getpid", machine)] as const;
const DOMAIN = [syscallNumber("setdomainname", machine), 0, 0] as const;
const personality = (persona: number) => [syscallNumber("personality", machine), persona] as const;
/** No kernel has it. */
const NO_CALL = [1000] as const;

const rule = (names: string[], action: string, more: object = {}) => ({ names, action, ...more });
const allBut = (...names: string[]): string[] =>
  [...syscallTable(machine).keys()].filter((name) => !names.includes(name));

const PROFILES:
  readonly (readonly [what: string, seccomp: object, program: string[], output: (string | number)[]])[] = [
    [
      "errnos",
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          rule(["setdomainname"], "SCMP_ACT_ERRNO", { errnoRet: EIO }),
          rule(["getpid"], "SCMP_ACT_ERRNO"),
        ],
      },
      calls(GETPID, DOMAIN),
      [EPERM, EIO],
    ],
    [
      "arguments",
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          rule(["personality"], "SCMP_ACT_ERRNO", {
            args: [{ index: 0, value: 8, op: "SCMP_CMP_MASKED_EQ", valueTwo: 8 }],
          }),
        ],
      },
      calls(personality(0), personality(8)),
      [0, EPERM],
    ],
    [
      "calls newer than the profile",
      {
        ...{ defaultAction: "SCMP_ACT_ERRNO", architectures: [OWN] },
        syscalls: [rule(allBut("setdomainname"), "SCMP_ACT_ALLOW")],
      },
      calls(GETPID, DOMAIN, NO_CALL),
      [0, EPERM, ENOSYS],
    ],
  ];

function withFilter(seccomp: object, program: string[], noNewPrivileges: boolean) {
  return (config: Config): void => {
    config.linux.seccomp = seccomp;
    Object.assign(config.process, { args: program, noNewPrivileges });
  };
}

testWhen(
  PERL,
  "config-linux.md#seccomp: calls return what the profile says, with noNewPrivileges and without",
  () =>
    withBench(async (bench) => {
      for (const [what, seccomp, program, output] of PROFILES) {
        for (const noNewPrivileges of [true, false]) {
          const name = `${what.replaceAll(" ", "-")}-${noNewPrivileges}`;
          const bundle = nativeBundle(bench, name, "", withFilter(seccomp, program, noNewPrivileges));
          const { code, stdout, stderr } = await bench.call("run", "-b", bundle, name);
          assert.deepEqual([code, stdout.trim().split("\n"), stderr], [0, output.map(String), ""], name);
        }
      }
    }),
);

async function withRunc(bench: Bench, bundle: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("runc", {
    args: ["--root", `${bench.dir}/runc`, "run", "--bundle", bundle, `umiak-seccomp-${Deno.pid}`],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const PODMAN = "/usr/share/containers/seccomp.json";

testWhen(PERL, "flags, other users and user namespaces", () =>
  withBench(async (bench) => {
    const [, seccomp, program, output] = PROFILES[0]!;
    await Deno.chmod(bench.dir, 0o755); // for root of the user namespace, who is nobody outside
    const flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"];
    const changes: readonly ((config: Config) => void)[] = [
      (config) => config.linux.seccomp = { ...seccomp, flags },
      (config) => config.process.user = { uid: 33, gid: 33 },
      inUserNamespace,
    ];
    for (const [i, change] of changes.entries()) {
      for (const noNewPrivileges of [true, false]) {
        const name = `n${i}-${noNewPrivileges}`;
        const bundle = nativeBundle(bench, name, "", (config) => {
          withFilter(seccomp, program, noNewPrivileges)(config);
          change(config);
        });
        const { code, stdout, stderr } = await bench.call("run", "-b", bundle, name);
        assert.deepEqual([code, stdout.trim().split("\n"), stderr], [0, output.map(String), ""], name);
      }
    }
  }));

testWhen(
  { ...WITH_RUNC, tools: ["runc", "perl", "podman"] },
  "podman's profile: every call that it forbids fails as under runc",
  () =>
    withBench(async (bench) => {
      const text = Deno.readTextFileSync(PODMAN);
      const { syscalls, ...profile } = podmanProfile(text, [], "amd64", [
        OWN,
        "SCMP_ARCH_X86",
        "SCMP_ARCH_X32",
      ]);
      const plain = syscalls.filter(({ args }) => args.length === 0);
      const namesOf = (action: string): string[] =>
        plain.filter((each) => each.action === action).flatMap(({ names }) => names);
      const allowed = namesOf("SCMP_ACT_ALLOW"), about = syscalls.flatMap(({ names }) => names);
      const forbidden = [
        ...namesOf("SCMP_ACT_ERRNO").filter((name) => !allowed.includes(name)),
        ...allBut(...about),
      ].filter((name) => syscallTable(machine).has(name));
      const numbers = forbidden.map((name) => [syscallTable(machine).get(name)!, -1, -1, -1] as const);
      const seccomp = {
        ...profile,
        syscalls: syscalls.map((each) => ({
          ...each,
          args: each.args.map((arg) => ({
            ...arg,
            value: Number(arg.value),
            valueTwo: Number(arg.valueTwo),
          })),
        })),
      };
      const bundle = nativeBundle(bench, "b", "", withFilter(seccomp, calls(...numbers, NO_CALL), true));
      const theirs = await withRunc(bench, bundle), ours = await bench.call("run", "-b", bundle, "c");
      assert.equal(ours.stderr, "");
      const results = (output: string): string[] =>
        output.trim().split("\n").map((errno, i) => `${forbidden[i]}: ${errno}`);
      assert.equal(results(ours.stdout).length, forbidden.length + 1);
      assert.deepEqual(results(ours.stdout), results(theirs));
      const all = new Set(ours.stdout.trim().split("\n"));
      assert.deepEqual([...all].sort(), [String(EPERM), String(ENOSYS)]);
    }),
);

testWhen(
  PERL,
  "a call that kills ends the container with SIGSYS; exec has the container's filter",
  () =>
    withBench(async (bench) => {
      const kill = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [rule(["setdomainname"], "SCMP_ACT_KILL_PROCESS")],
      };
      const killed = nativeBundle(bench, "killed", "", withFilter(kill, calls(GETPID, DOMAIN), true));
      assert.equal((await bench.call("run", "-b", killed, "killed")).code, 128 + 31);
      for (const noNewPrivileges of [true, false]) {
        const name = `e${noNewPrivileges}`;
        const waits = nativeBundle(
          bench,
          name,
          "",
          withFilter(PROFILES[0]![1], ["sleep", "1000"], noNewPrivileges),
        );
        await bench.ok("create", "-b", waits, name);
        await bench.ok("start", name);
        const { process } = JSON.parse(Deno.readTextFileSync(`${waits}/config.json`));
        Deno.writeTextFileSync(
          `${waits}/process.json`,
          JSON.stringify({ ...process, args: calls(GETPID, DOMAIN) }),
        );
        assert.equal(await bench.ok("exec", "-p", `${waits}/process.json`, name), `${EPERM}\n${EIO}\n`);
        await bench.ok("delete", "--force", name);
      }
    }),
);

testWhen(
  NATIVE,
  "a filter that is too long is an error, and nothing is left",
  () =>
    withBench(async (bench) => {
      const large = Array.from(
        { length: 3000 },
        (_, value) => rule(["getpid"], "SCMP_ACT_ERRNO", { args: [{ index: 0, value, op: "SCMP_CMP_EQ" }] }),
      );
      const long = nativeBundle(
        bench,
        "l",
        "",
        withFilter({ defaultAction: "SCMP_ACT_ALLOW", syscalls: large }, ["true"], true),
      );
      const failed = await bench.call("create", "-b", long, "c");
      assert.deepEqual(
        [failed.code, /more than 4096 instructions/.test(failed.stderr)],
        [1, true],
        failed.stderr,
      );
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);
