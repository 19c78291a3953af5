/** State directories as a torn disk or a clumsy hand leaves them: list, state and delete --force neither hang nor stumble over them. */
import assert from "node:assert/strict";
import { busyboxBundle, WITH_BUSYBOX } from "../native/busybox.ts";
import { unreadableSources } from "../support/ordinary_user.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { type Bench, runtimeCommand, withBench } from "./support.ts";

const linux = { os: ["linux"] as const };
/** No process has it: numbers end at 2^22 (man 5 proc, pid_max). */
const NOBODY = 2 ** 31 - 1;

const fifo = (path: string): void => {
  Deno.removeSync(path, { recursive: true });
  assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
};
const directory = (path: string): void => {
  Deno.removeSync(path);
  Deno.mkdirSync(`${path}/inner`, { recursive: true });
};
const loop = (path: string): void => {
  Deno.removeSync(path);
  Deno.symlinkSync(path.slice(path.lastIndexOf("/") + 1), path);
};
const text = (value: string) => (path: string): void => Deno.writeTextFileSync(path, value);

/** What a file may have become. */
const SPOILED: Readonly<Record<string, (path: string) => void>> = {
  missing: (path) => Deno.removeSync(path),
  empty: text(""),
  truncated: (path) => Deno.truncateSync(path, 30),
  garbage: text("\0\x01[[["),
  null: text("null"),
  list: text("[]"),
  directory,
  fifo,
  loop,
  device: (path) => {
    Deno.removeSync(path);
    Deno.symlinkSync("/dev/zero", path);
  },
};

/** Copies a container's directory for another id, whose process has gone and whose cgroups are nobody's. */
function copyOf(bench: Bench, id: string, copy: string): string {
  const to = `${bench.root}/${copy}`;
  Deno.mkdirSync(to);
  for (const { name, isFile } of Deno.readDirSync(`${bench.root}/${id}`)) {
    if (!isFile) continue;
    const text = Deno.readTextFileSync(`${bench.root}/${id}/${name}`).replaceAll(`${bench.root}/${id}`, to);
    Deno.writeTextFileSync(
      `${to}/${name}`,
      name === "cgroups.json" ? text.replaceAll('-b"', '-none"') : text,
    );
  }
  const record = JSON.parse(Deno.readTextFileSync(`${to}/state.json`));
  const init = { ...record.init, pid: NOBODY };
  Deno.writeTextFileSync(`${to}/state.json`, JSON.stringify({ ...record, id: copy, init }));
  return to;
}

/** Everything that can be in a container's directory, in every broken form. */
function spoil(bench: Bench, id: string): string[] {
  const ids: string[] = [];
  for (const file of ["state.json", "exit.json", "config.json", "lock", "cgroups.json", "started"]) {
    for (const [how, change] of Object.entries(SPOILED)) {
      if (file !== "state.json" && !["empty", "directory", "fifo", "loop"].includes(how)) continue;
      const copy = `${file}-${how}`, path = `${copyOf(bench, id, copy)}/${file}`;
      Deno.writeTextFileSync(path, file === "state.json" ? Deno.readTextFileSync(path) : "{}".padEnd(40));
      change(path);
      ids.push(copy);
    }
  }
  Deno.mkdirSync(`${bench.root}/empty`);
  copyOf(bench, id, "other");
  text(Deno.readTextFileSync(`${bench.root}/${id}/state.json`))(`${bench.root}/other/state.json`);
  // Not containers at all.
  Deno.writeTextFileSync(`${bench.root}/file`, "");
  Deno.symlinkSync("link", `${bench.root}/link`);
  fifo(`${bench.root}/file`);
  return [...ids, "empty", "other"];
}

for (const backend of ["sandbox", "native"] as const) {
  testWhen(
    backend === "native" ? { ...WITH_BUSYBOX, tools: ["mkfifo"] } : { ...linux, tools: ["mkfifo"] },
    `${backend}: list, state and delete --force among broken state directories`,
    () =>
      withBench(async (bench) => {
        const bundle = backend === "native"
          ? busyboxBundle(bench, "b", "exec sleep 100000")
          : bench.bundle("b", ["sleep", "100000000"]);
        await bench.ok("run", "-d", "-b", bundle, "good");
        const ids = spoil(bench, "good");
        const { code, stdout, stderr } = await bench.call("list");
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^good +\d+ +running /m);
        for (const id of ["state.json-fifo", "state.json-truncated", "empty", "other"]) {
          assert.match(stderr, new RegExp(`container "${id}": its state is broken: `));
        }
        assert.match(stdout, /^lock-fifo +0 +stopped /m);
        for (
          const id of [
            "state.json-fifo",
            "exit.json-fifo",
            "lock-fifo",
            "lock-directory",
            "empty",
            "file",
            "link",
          ]
        ) {
          const said = await bench.call("state", id);
          assert.ok(said.code === 0 ? said.stdout.includes('"status": "stopped"') : said.stderr !== "", id);
        }
        for (const verb of ["ps", "pause", "start"]) {
          for (const id of ["config.json-fifo", "cgroups.json-fifo", "lock-fifo"]) {
            assert.notEqual((await bench.call(verb, id)).code, 0);
          }
        }
        // Several at a time: they are many processes.
        const queue = [...ids];
        await Promise.all(Array.from({ length: 4 }, async () => {
          for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
            await bench.ok("delete", "--force", id);
          }
        }));
        assert.match(await bench.ok("list", "-q"), /^good\n$/);
        assert.equal((await bench.state("good")).status, "running");
        assert.deepEqual([...Deno.readDirSync(bench.root)].map(({ name }) => name).sort(), [
          "file",
          "good",
          "link",
          "~lock",
        ]);
        Deno.removeSync(`${bench.root}/~lock`);
        await new Deno.Command("mkfifo", { args: [`${bench.root}/~lock`] }).output();
        await bench.ok("create", "-b", bench.bundle("b2", ["args"]), "after");
        await bench.ok("delete", "--force", "good");
      }),
  );
}

testWhen(
  linux,
  "a state directory that is a file, is not there, or is a link to itself",
  () =>
    withBench(async (bench) => {
      const said = async (...args: string[]) => {
        const { code, stderr } = await bench.call(...args);
        return [code, stderr !== ""];
      };
      assert.deepEqual(await said("list"), [0, false]);
      assert.deepEqual(await said("state", "c"), [1, true]);
      assert.deepEqual(await said("delete", "--force", "c"), [0, false]);
      for (
        const make of [
          () => Deno.writeTextFileSync(bench.root, ""),
          () => Deno.symlinkSync("state", bench.root),
        ]
      ) {
        make();
        for (
          const verb of [["list"], ["state", "c"], ["delete", "c"], [
            "create",
            "-b",
            bench.bundle("b", []),
            "c",
          ]]
        ) {
          assert.deepEqual(await said(...verb), [1, true], verb.join(" "));
        }
        Deno.removeSync(bench.root);
      }
    }),
);

const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const nobody = { ...linux, root: true, tools: ["setpriv", "test"] };

testWhen(
  { ...nobody, missing: reasonAgainst(nobody) ?? unreadableSources(AS_NOBODY) },
  "containers of somebody else, which cannot be read: list goes on with the others",
  () =>
    withBench(async (bench) => {
      await bench.ok("create", "-b", bench.bundle("b", ["args"]), "mine");
      await bench.ok("create", "-b", bench.bundle("b2", ["args"]), "theirs");
      Deno.chmodSync(bench.dir, 0o755);
      Deno.chmodSync(bench.root, 0o755);
      Deno.chmodSync(`${bench.root}/mine`, 0o755);
      for (const { name } of Deno.readDirSync(`${bench.root}/mine`)) {
        if (name.endsWith(".json")) Deno.chmodSync(`${bench.root}/mine/${name}`, 0o644);
      }
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: [
          ...["-c", `exec "$@" 9<'${Deno.execPath()}'`, "sh", ...AS_NOBODY],
          ...["/proc/self/fd/9", ...runtimeCommand(bench.root).slice(1), "list"],
        ],
        env: { DENO_DIR: `${bench.dir}/none`, HOME: "/" },
        cwd: "/",
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert.equal(code, 0, err);
      assert.match(out!, /^mine +\d+ +created /m);
      assert.match(err!, /theirs.*its state is broken/);
    }),
);
