import assert from "node:assert/strict";
import { wholeMounts } from "../../runtime/native/container/prepare.ts";
import { withBench } from "../runtime/support.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { NATIVE, nativeBundle, WITH_RUNC } from "./support.ts";

/** What a container sees of its root, its mounts and its masks. */
const LOOK =
  'ls -a /; pwd; cut -d" " -f5,6 /proc/self/mountinfo; ls /proc/acpi /sys/firmware | wc -l; ls -di / | cut -d" " -f1';

testWhen(
  WITH_RUNC,
  "--no-pivot: the container sees what it sees under runc",
  () =>
    withBench(async (bench) => {
      const id = `umiak-pivot-${Deno.pid}`, bundle = nativeBundle(bench, id, LOOK);
      const { stdout, stderr } = await new Deno.Command("runc", {
        args: ["--root", `${bench.dir}/runc`, "run", "--no-pivot", "--bundle", bundle, id],
        stdin: "null",
      }).output();
      const theirs = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      const ours = await bench.call("run", "--no-pivot", "-b", bundle, id);
      assert.deepEqual([ours.code, ours.stderr], [0, ""]);
      // The tmpfs of control groups is read-only here from the beginning, and files are hidden behind the host's null device.
      const comparable = (text: string): string[] =>
        text.split("\n").map((line) =>
          line.replace(/^(\/sys\/fs\/cgroup|\/proc\/keys|\/proc\/timer_list) r.*/, "$1")
        );
      assert.deepEqual(comparable(ours.stdout), comparable(theirs));
    }),
);

testWhen(
  NATIVE,
  "--no-pivot: exec is in the container's root, and nothing of the host's mounts is left behind",
  () =>
    withBench(async (bench) => {
      const left = (): string[] =>
        Deno.readTextFileSync("/proc/self/mountinfo").split("\n").filter((line) => line.includes(bench.dir));
      const bundle = nativeBundle(bench, "b", "exec sleep 1000");
      await bench.ok("run", "--no-pivot", "-d", "-b", bundle, "c");
      assert.deepEqual(left(), []);
      const root = await bench.ok("exec", "c", "sh", "-c", "ls -a /; cat /proc/1/comm");
      assert.equal(
        root,
        [
          ".",
          "..",
          ...["bin", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "tmp", "usr"],
          "sleep",
          "",
        ].join("\n"),
      );
      await bench.ok("delete", "--force", "c");
      assert.deepEqual(left(), []);
    }),
);

testWhen(
  { ...NATIVE, tools: ["unshare"], missing: reasonAgainst(NATIVE) },
  "--no-pivot: a procfs without masks cannot be mounted, because the host's is out of reach",
  () =>
    withBench(async (bench) => {
      // In a user namespace of its own the masks are locked: only where there is a procfs without any, another one can be mounted.
      const script = "unshare -Ur true && echo user; " +
        "unshare -Urmpf mount -t proc proc /tmp 2>/dev/null && echo mounted || echo refused";
      for (const options of [[], ["--no-pivot"]]) {
        const id = `c${options.length}`,
          bundle = nativeBundle(bench, id, script, (config) => {
            config.process.user = { uid: 33, gid: 33 };
          });
        const { stdout, stderr } = await bench.call("run", ...options, "-b", bundle, id);
        assert.deepEqual([stdout, stderr], ["user\nrefused\n", ""], options.join());
      }
    }),
);

Deno.test("wholeMounts(): procfs and sysfs that are there as a whole, outside of the root", () => {
  const mountinfo = [
    "20 1 0:5 / /proc rw shared:1 - proc proc rw",
    "21 1 0:6 / /sys rw - sysfs sysfs rw",
    "22 1 0:5 /sys /proc/sys rw - proc proc rw",
    "23 1 0:7 / /a\\040b rw - proc proc rw",
    "24 1 0:8 / /bundle/rootfs/proc rw - proc proc rw",
    "25 1 0:9 / /dev rw - tmpfs proc rw",
    "",
  ].join("\n");
  assert.deepEqual(wholeMounts(mountinfo, "/bundle/rootfs"), ["/proc", "/sys", "/a b"]);
});
