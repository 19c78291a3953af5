import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { inUserNamespace, NATIVE, nativeBundle } from "./support.ts";
import { terminalOf } from "./terminal.ts";

const SCRIPT =
  "read line; echo got $line; tty; stat -c '%u %t' /dev/pts/0; cat /proc/self/stat | cut -d' ' -f7";
const SHOWN = (uid: number, tty = 34816): string =>
  `ready\n/dev/ptmx 1\ntyped\r\ngot typed\r\n/dev/pts/0\r\n${uid} 88\r\n${tty}\r\n`;

for (const [what, change] of [["", () => {}], [" in a user namespace", inUserNamespace]] as const) {
  testWhen(
    { ...NATIVE, tools: ["python3"] },
    `create --console-socket hands out the container's terminal${what}`,
    () =>
      withBench(async (bench) => {
        await Deno.chmod(bench.dir, 0o755);
        const bundle = nativeBundle(bench, "b", SCRIPT, (config) => {
          config.process.terminal = true;
          config.process.user = { uid: 33, gid: 33 };
          change(config);
        });
        const shown = await terminalOf(`${bench.dir}/console`, async (socket) => {
          await bench.ok("create", "-b", bundle, "--console-socket", socket, "c");
          await bench.ok("start", "c");
        });
        assert.equal(shown, SHOWN(33));
        await bench.stopped("c");
      }),
  );
}

testWhen(
  { ...NATIVE, tools: ["python3"] },
  "exec --console-socket: a terminal of its own",
  () =>
    withBench(async (bench) => {
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", "exec sleep 1000"), "c");
      const shown = await terminalOf(`${bench.dir}/console`, async (socket) => {
        await bench.ok("exec", "--tty", "--detach", "--console-socket", socket, "c", "sh", "-c", SCRIPT);
      });
      assert.equal(shown, SHOWN(0));
    }),
);
