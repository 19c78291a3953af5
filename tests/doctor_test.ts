/** `umiak doctor` as a process: root, an ordinary user, broken directories. @module */
import assert from "node:assert/strict";
import type { DoctorReport } from "../runtime/engine/doctor/types.ts";
import { unreadableSources } from "./support/ordinary_user.ts";
import { umiak, umiakArgs, withDirectory } from "./support/umiak.ts";
import { reasonAgainst, testWhen } from "./support/when.ts";

const named = (report: DoctorReport, about: string) => report.findings.find((each) => each.about === about);

Deno.test("doctor --json: the shape that is promised, and exit code 0 where both kernels work", () =>
  withDirectory(async (root) => {
    const { code, stdout, stderr } = await umiak(["doctor", "--json"], {
      env: { UMIAK_ROOT: `${root}/store` },
    });
    const report = JSON.parse(stdout) as DoctorReport;
    assert.deepEqual(Object.keys(report), ["version", "host", "kernels", "findings"]);
    assert.equal(report.version, 1);
    assert.equal(report.host.os, Deno.build.os);
    for (const kernel of ["native", "sandbox"] as const) {
      assert.deepEqual(Object.keys(report.kernels[kernel]), ["works", "reasons"]);
    }
    for (const finding of report.findings) {
      assert.deepEqual(Object.keys(finding), ["about", "kernel", "state", "found", "effect"]);
      assert.match(finding.kernel, /^(native|sandbox|both)$/);
      assert.match(finding.state, /^(ok|limited|broken)$/);
    }
    const asked = Deno.build.os === "linux" ? ["native", "sandbox"] as const : ["sandbox"] as const;
    assert.equal(code, asked.every((kernel) => report.kernels[kernel].works) ? 0 : 1, stderr);
    assert.equal(named(report, "WebAssembly")!.state, "ok");
    assert.match(named(report, "store")!.found, /can be made/);
    assert.deepEqual([...Deno.readDirSync(root)], [], "a store that is not there is not made");
  }));

Deno.test("doctor KERNEL: what that one needs; another word is a mistake", () =>
  withDirectory(async (root) => {
    const env = { UMIAK_ROOT: root };
    const { code, stdout } = await umiak(["doctor", "sandbox"], { env });
    assert.equal(code, 0);
    assert.match(stdout, /^sandbox: works\n {2}ok {7}WebAssembly/);
    assert.match(stdout, /\nboth:\n {2}\w+ +store /);
    assert.doesNotMatch(stdout, /cgroups/);
    const wrong = await umiak(["doctor", "docker"], { env });
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /"docker" is neither native nor sandbox/);
  }));

Deno.test("doctor: without --allow-ffi native containers are not known, and do not work", {
  ignore: Deno.build.os !== "linux",
}, () =>
  withDirectory(async (root) => {
    const args = umiakArgs(["doctor", "native"]).map((arg) =>
      arg === "--allow-all"
        ? "--allow-read --allow-write --allow-env --allow-sys --allow-run --no-prompt"
        : arg
    ).flatMap((arg) => arg.startsWith("--allow-read") ? arg.split(" ") : [arg]);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { UMIAK_ROOT: root, NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.match(text, /native: does not work\n/);
    assert.match(text, /broken {3}system calls .*ffi.*\n.*they need --allow-ffi/i);
    assert.equal(code, 1);
  }));

testWhen(
  { os: ["linux", "darwin"], tools: ["mkfifo"] },
  "doctor: a FIFO where the store should be is told, and nobody waits for it",
  () =>
    withDirectory(async (root) => {
      const store = `${root}/store`;
      assert.ok((await new Deno.Command("mkfifo", { args: [store] }).output()).success);
      const { code, stdout } = await umiak(["doctor", "sandbox"], { env: { UMIAK_ROOT: store } });
      assert.equal(code, 1);
      assert.match(stdout, /sandbox: does not work\n/);
      assert.match(stdout, /broken {3}store +.*store is not a directory\n.*umiak run runs none/);
    }),
);

const USER = 1500;
const asUser = [
  ...["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"],
  ...["--inh-caps=-all", "--bounding-set=-all"],
];

function userReason(): string | undefined {
  const reason = reasonAgainst({ os: ["linux"], root: true, tools: ["setpriv", "test"] });
  if (reason !== undefined) return reason;
  return unreadableSources(asUser);
}

testWhen(
  { missing: userReason() },
  "doctor as an ordinary user: rootless, and what cannot be read or written is told",
  () =>
    withDirectory(async (root) => {
      await Deno.chmod(root, 0o755);
      for (const name of ["home", "run", "closed"]) await Deno.mkdir(`${root}/${name}`, { mode: 0o700 });
      for (const name of ["home", "run"]) await Deno.chown(`${root}/${name}`, USER, USER);
      const doctor = async (store: string, ...args: string[]) => {
        // Its cache of packages is empty, and none is wanted.
        const [run = "", ...words] = umiakArgs(["doctor", ...args]);
        const { code, stdout, stderr } = await new Deno.Command(asUser[0]!, {
          args: [...asUser.slice(1), Deno.execPath(), run, "--cached-only", ...words],
          env: {
            ...{ HOME: `${root}/home`, XDG_RUNTIME_DIR: `${root}/run`, DENO_DIR: `${root}/home/deno` },
            ...{ UMIAK_ROOT: store, NO_COLOR: "1" },
          },
        }).output();
        const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
        return { code, stdout: text(stdout), stderr: text(stderr) };
      };
      const { code, stdout, stderr } = await doctor(`${root}/home/store`, "--json");
      const report = JSON.parse(stdout) as DoctorReport;
      assert.equal(report.host.root, false);
      assert.equal(code, report.kernels.native.works ? 0 : 1, stderr);
      assert.match(named(report, "networks")!.effect, /an ordinary user/);
      if (report.kernels.native.works) {
        assert.match(named(report, "ids")!.effect, /rootless: /);
        assert.match(named(report, "overlay")!.found, /userxattr/);
      }
      assert.deepEqual([...Deno.readDirSync(`${root}/run`)], []);
      assert.deepEqual([...Deno.readDirSync(`${root}/home`)].map(({ name }) => name), ["deno"]);
      const closed = await doctor(`${root}/closed`, "sandbox");
      assert.equal(closed.code, 1);
      assert.match(closed.stdout, /broken {3}store +.*closed: permission denied/);
    }),
);

function inUserNamespace(): string | undefined {
  const reason = reasonAgainst({ os: ["linux"], root: true, tools: ["unshare", "true"] });
  if (reason !== undefined) return reason;
  const { success } = new Deno.Command("unshare", { args: ["--user", "--map-root-user", "true"] })
    .outputSync();
  return success ? undefined : "needs user namespaces";
}

testWhen(
  { missing: inUserNamespace() },
  "doctor as root of a user namespace: it does not own the network, and what it may not have is told",
  () =>
    withDirectory(async (root) => {
      const script = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"';
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: [
          ...["--user", "--map-root-user", "sh", "-c", script, "sh", Deno.execPath()],
          ...umiakArgs(["doctor", "--json"]),
        ],
        env: { UMIAK_ROOT: root },
      }).output();
      assert.notEqual(stdout.length, 0, new TextDecoder().decode(stderr));
      const report = JSON.parse(new TextDecoder().decode(stdout)) as DoctorReport;
      assert.match(named(report, "networks")!.found, /no bridge: .*EPERM/);
      assert.match(named(report, "user namespaces")!.found, /ENOSPC.*user\.max_user_namespaces is 0/);
    }),
);
