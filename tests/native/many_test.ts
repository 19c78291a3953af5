import assert from "node:assert/strict";
import { create } from "../../runtime/lifecycle/create.ts";
import { deleteContainer } from "../../runtime/lifecycle/delete.ts";
import { exec } from "../../runtime/lifecycle/exec.ts";
import { hostContext } from "../../runtime/lifecycle/host/mod.ts";
import { start } from "../../runtime/lifecycle/start.ts";
import { nativeBackend } from "../../runtime/native/container/backend.ts";
import { parseProcess } from "../../runtime/spec/decode_process.ts";
import { parseSpec } from "../../runtime/spec/decode.ts";
import { makePipe } from "../../runtime/native/ffi/descriptors.ts";
import { awaitAny } from "../../runtime/native/ffi/poll.ts";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { createFrom, nativeContext, readBundle, wholeLifeOk } from "./in_process.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

const count = (path: string): number => [...Deno.readDirSync(path)].length;
const children = (): string => Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/children`).trim();

/** Waits for a descriptor: what waiting for several takes is made once, and kept. */
async function waitOnce(): Promise<void> {
  const [read, write] = makePipe("a test");
  write.close();
  assert.deepEqual(await awaitAny([read.fd]), [read.fd]);
  read.close();
}

testWhen(
  NATIVE,
  "80 containers of one process, also many at a time, leave no descriptor, process, mount or directory",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "",
        (config) => {
          config.process.args = ["sh", "-c", "read x; exit 3"];
          delete config.linux.cgroupsPath; // one each, by their ids
        },
      );
      const config = Deno.readTextFileSync(`${bundle}/config.json`), spec = parseSpec(config);
      const context = hostContext(bench.root, () => Promise.resolve(nativeBackend), {
        warn: () => {},
        note: () => {},
      });
      const options = {
        ...{ preserveFds: 0, detached: true, noPivot: false, noNewKeyring: false, systemdCgroup: false },
      };
      const tag = bench.dir.split("/").pop();
      const one = async (name: string): Promise<void> => {
        const id = `${tag}-${name}`;
        const container = await create(context, {
          ...{
            id,
            bundle,
            rootfs: `${bundle}/rootfs`,
            config,
            spec,
            backend: "native",
            owner: 0,
            now: new Date(),
            options,
          },
        });
        // While the init waits for start, another process can run in its namespaces.
        const process = parseProcess(JSON.stringify({ args: ["/bin/true"], cwd: "/" }));
        const beside = await exec(context, id, process, {
          ...{ preserveFds: 0, detached: false, cgroup: "", ignorePaused: false },
        });
        assert.equal(await beside.wait(), 0);
        await start(context, id);
        assert.equal(await nativeBackend.wait(container), 3 << 8);
        await deleteContainer(context, id);
      };
      /** A container that cannot be, at one of several points. */
      const none = async (name: string, more: object): Promise<void> => {
        const id = `${tag}-${name}`;
        const text = JSON.stringify({ ...JSON.parse(config), ...more });
        const creation = { id, bundle, rootfs: `${bundle}/rootfs`, config: text, spec: parseSpec(text) };
        await assert.rejects(
          create(context, { ...creation, backend: "native", owner: 0, now: new Date(), options }),
        );
      };
      const wrong = [
        { mounts: [{ destination: "/tmp", type: "nofs" }] },
        { hostname: "x".repeat(100) },
        { process: { args: ["nope"], cwd: "/" } },
        { hooks: { prestart: [{ path: "/no/such" }] } },
        { hooks: { createContainer: [{ path: "/no/such" }] } },
      ];
      await waitOnce();
      await one("first");
      for (const [i, more] of wrong.entries()) await none(`n${i}`, more);
      // The machine's other mounts come and go.
      const held = (): unknown[] => [
        Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) => line.includes(bench.dir)),
        children(),
      ];
      const before = held(), descriptors = count("/proc/self/fd");
      for (const [i, more] of wrong.entries()) await none(`n${i}`, more);
      for (let i = 0; i < 20; i++) await one(`c${i}`);
      for (let round = 0; round < 3; round++) {
        await Promise.all(Array.from({ length: 20 }, (_, i) => one(`d${round}-${i}`)));
      }
      assert.deepEqual(held(), before);
      // Deno gives some of its own back when it likes.
      assert.ok(count("/proc/self/fd") <= descriptors, `${count("/proc/self/fd")} after ${descriptors}`);
      assert.deepEqual([...Deno.readDirSync(bench.root)].map(({ name }) => name), ["~lock"]);
    }),
);

testWhen(
  NATIVE,
  "50 containers that run and are waited for leave room for others: one thread waits for all",
  () =>
    withBench(async (bench) => {
      const own = (config: Config): void => void delete config.linux.cgroupsPath;
      const context = nativeContext(bench.root), tag = bench.dir.split("/").pop();
      const long = readBundle(nativeBundle(bench, "long", "exec sleep 100000", own));
      const short = readBundle(nativeBundle(bench, "short", "exit 0", own));
      const ids = Array.from({ length: 50 }, (_, i) => `${tag}-${i}`);
      const ends: Promise<number>[] = [];
      for (const id of ids) {
        const container = await createFrom(context, long, id);
        await start(context, id);
        ends.push(nativeBackend.wait(container));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await wholeLifeOk(context, short, `${tag}-short`);
      assert.ok((await Deno.readTextFile("/proc/self/status")).length > 0);
      for (const id of ids) await deleteContainer(context, id, { force: true });
      assert.deepEqual(await Promise.all(ends), ids.map(() => 9));
    }),
);

testWhen(
  { ...NATIVE, tools: ["unshare"] },
  "where memory files cannot be executed, files without names are (vm.memfd_noexec)",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", "echo ran; exit 4");
      const { runtimeCommand } = await import("../runtime/support.ts");
      for (const level of [1, 2]) {
        const { code, stdout, stderr } = await new Deno.Command("unshare", {
          args: [
            ...["--pid", "--fork", "--mount-proc", "sh", "-c"],
            `[ ! -e /proc/sys/vm/memfd_noexec ] || echo ${level} >/proc/sys/vm/memfd_noexec; exec "$@"`,
            ...["sh", ...runtimeCommand(bench.root), "run", "-b", bundle, "c"],
          ],
          stdin: "null",
        }).output();
        const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        assert.deepEqual([code, ...said], [4, "ran\n", ""], `level ${level}`);
      }
    }),
);
