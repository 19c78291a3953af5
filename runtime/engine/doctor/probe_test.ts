/** This machine, tried: what is told, what is left (nothing), and broken directories. @module */
import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { tryDirectory } from "./directory.ts";
import { probeHost } from "./facts.ts";
import { tryJspi } from "./jspi.ts";
import { whyOneId } from "./one_id.ts";

async function withDirectory(body: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir({ prefix: "umiak-test-" });
  try {
    await body(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

const names = (path: string): string[] => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
const fifo = (path: string): void => {
  assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
};
const right = (): undefined => undefined;

Deno.test("tryJspi(): a module waits; without JSPI it says so", async () => {
  assert.equal(await tryJspi(), undefined);
  assert.equal(await tryJspi({}), "this Deno has no JSPI");
});

Deno.test("whyOneId(): the tool that is missing, or what is not granted", () => {
  const own = [{ containerID: 0, hostID: 1000, size: 1 }], one = { uidMappings: own, gidMappings: own };
  assert.equal(whyOneId(undefined), undefined);
  assert.equal(
    whyOneId({ ...one, uidMappings: [...own, { containerID: 1, hostID: 100000, size: 9 }] }),
    undefined,
  );
  assert.equal(whyOneId(one, ["umiak-no-such-tool"]), "umiak-no-such-tool is not installed");
  assert.equal(whyOneId(one, []), "/etc/subuid and /etc/subgid do not both grant this user some");
});

Deno.test("tryDirectory(): one that is there, one that is not, a file in its place; nothing is left", () =>
  withDirectory(async (path) => {
    const there = await tryDirectory(path, right);
    assert.deepEqual([there.exists, there.failure, there.place], [true, undefined, path]);
    assert.ok(there.free === undefined || there.free > 0);
    const missing = await tryDirectory(`${path}/a/b`, right);
    assert.deepEqual([missing.exists, missing.failure, missing.place], [false, undefined, path]);
    assert.deepEqual(names(path), []);
    Deno.writeTextFileSync(`${path}/file`, "");
    for (const each of ["file", "file/below"]) {
      const { failure, place } = await tryDirectory(`${path}/${each}`, right);
      assert.equal(place, undefined);
      assert.match(failure!, /not a directory|Not a directory/);
    }
  }));

testWhen(
  { os: ["linux", "darwin"], tools: ["mkfifo"] },
  "probeHost(): FIFOs in place of the store, of its files and of records are told, and nobody waits for them",
  () =>
    withDirectory(async (path) => {
      fifo(`${path}/fifo`);
      const replaced = await probeHost({ storeRoot: `${path}/fifo`, stateRoot: `${path}/fifo` });
      for (const each of [replaced.store, replaced.state!]) {
        assert.match(each.failure!, /fifo is not a directory/);
      }
      for (const each of ["store", "state", "state/c1", "state/c2"]) {
        Deno.mkdirSync(`${path}/${each}`);
      }
      fifo(`${path}/store/index.json`);
      fifo(`${path}/state/c1/state.json`);
      fifo(`${path}/state/c2/lock`);
      fifo(`${path}/state/c3`);
      fifo(`${path}/state/~lock`);
      const { store, state } = await probeHost({ storeRoot: `${path}/store`, stateRoot: `${path}/state` });
      assert.deepEqual(store.broken, ["index.json: it is not a file"]);
      assert.deepEqual(state!.broken, [
        "c1: it is not a file",
        "c2: it is not a file",
        "c3: it is not a directory",
      ]);
      assert.deepEqual(names(`${path}/store`), ["index.json"]);
    }),
);

/** What could be left behind; other tests have containers and networks meanwhile. */
const traces = (): string[] => [
  ...names("/sys/class/net").filter((name) => /^umiak-[ab]$/.test(name)),
  ...["", "/unified", "/memory"].flatMap((hierarchy) => {
    try {
      return names(`/sys/fs/cgroup${hierarchy}`);
    } catch {
      return [];
    }
  }).filter((name) => name === `umiak-doctor-${Deno.pid}`),
  ...Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) =>
    line.includes("umiak-doctor")
  ),
];

/** Descriptors that a process has before and after a probe; this one has those of other tests, too. */
function descriptorsAround(root: string): [before: string[], after: string[]] {
  const facts = new URL("./facts.ts", import.meta.url).href;
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { probeHost } from ${JSON.stringify(facts)};
       const root = ${JSON.stringify(root)}, probe = () => probeHost({ storeRoot: root, stateRoot: root });
       const names = () => [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => name).sort();
       await probe(); // opens what stays open: libraries
       const before = names();
       await probe();
       console.log(JSON.stringify([before, names()]));`,
    ],
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

testWhen(
  { os: ["linux"], root: true },
  "probeHost(): Linux is tried as root, and nothing is left",
  () =>
    withDirectory(async (path) => {
      const before = traces();
      const { linux } = await probeHost({ storeRoot: path, stateRoot: path });
      assert.deepEqual(traces(), before);
      const [earlier, later] = descriptorsAround(path);
      assert.deepEqual(later, earlier);
      assert.deepEqual(names(path), []);
      assert.equal(linux!.release, Deno.osRelease());
      assert.equal(linux!.root, true);
      const { program, ids, refused } = linux!.calls!;
      assert.deepEqual([program, ids, refused], [undefined, undefined, {}]);
    }),
);
