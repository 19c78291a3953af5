import assert from "node:assert/strict";
import { runtimeCommand, withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { inUserNamespace, NATIVE, nativeBundle } from "./support.ts";

testWhen(
  NATIVE,
  "CVE-2024-21626: no descriptor of the host is a way out for the working directory",
  () =>
    withBench(async (bench) => {
      for (let fd = 3; fd < 40; fd += 3) {
        const bundle = nativeBundle(
          bench,
          `b${fd}`,
          "ls",
          (config) => config.process.cwd = `/proc/self/fd/${fd}`,
        );
        const { code, stdout, stderr } = await bench.call("run", "-b", bundle, "c");
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, /working directory/);
      }
    }),
);

testWhen(
  NATIVE,
  "CVE-2024-21626, CVE-2016-9962: neither create's nor exec's descriptors get into the container",
  () =>
    withBench(async (bench) => {
      const look = "ls /proc/$$/fd; echo done";
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", `${look}; exec sleep 1000`), "c");
      const run = bench.calls;
      const exec = await bench.call("exec", "c", "sh", "-c", look);
      while (!bench.output(run).includes("done")) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.deepEqual([bench.output(run), exec.stdout], ["0\n1\n2\ndone\n", "0\n1\n2\ndone\n"]);
    }),
);

testWhen(
  NATIVE,
  "CVE-2019-5736: what the container finds as /proc/self/exe is not the runtime, and cannot be written to",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", "exec sleep 1000");
      Deno.writeTextFileSync(`${bundle}/rootfs/etc/evil`, "#!/proc/self/exe\n", { mode: 0o755 });
      await bench.ok("create", "-b", bundle, "c");
      const { pid } = await bench.state("c");
      assert.match(Deno.readLinkSync(`/proc/${pid}/exe`), /^\/memfd:umiak-init/);
      assert.throws(() => Deno.openSync(`/proc/${pid}/exe`, { write: true }));
      await bench.ok("start", "c");
      assert.notEqual((await bench.call("exec", "c", "/etc/evil")).code, 0);
    }),
);

testWhen(
  NATIVE,
  "an init that waits cannot be looked into by the user it is on the host",
  () =>
    withBench(async (bench) => {
      await Deno.chmod(bench.dir, 0o755);
      await bench.ok("create", "-b", nativeBundle(bench, "b", "true", inUserNamespace), "c");
      const { pid } = await bench.state("c");
      const uid = Number(/^Uid:\t(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
      assert.deepEqual([uid, Deno.statSync(`/proc/${pid}/environ`).uid], [100000, 0]); // man 5 proc, dumpable
    }),
);

testWhen(
  NATIVE,
  "CVE-2021-30465: links in the place of mount targets lead to nowhere but the container",
  () =>
    withBench(async (bench) => {
      const target = `${bench.dir}/outside`;
      Deno.mkdirSync(target);
      const bundle = nativeBundle(bench, "b", "cat /proc/mounts | grep 'marker'", (config) => {
        config.mounts.push({ destination: "/tmp/evil", type: "tmpfs", source: "marker", options: [] });
        config.mounts.push({ destination: "/tmp/evil2/x/y", type: "tmpfs", source: "marker", options: [] });
      });
      // There is a place of that name inside, too.
      Deno.mkdirSync(`${bundle}/rootfs${target}`, { recursive: true });
      const up = "../".repeat(20);
      Deno.symlinkSync(`${up}${target.slice(1)}`, `${bundle}/rootfs/tmp/evil`);
      Deno.symlinkSync(target, `${bundle}/rootfs/tmp/evil2`);
      const { code, stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.deepEqual([code, stderr, stdout.trim().split("\n").length], [0, "", 2]);
      assert.deepEqual([...Deno.readDirSync(target)], []);
    }),
);

testWhen(
  { ...NATIVE, tools: ["runc"] },
  "mount targets behind links that lead to nothing are made inside, as runc makes them",
  () =>
    withBench(async (bench) => {
      const outside = `${bench.dir}/outside`, file = `${bench.dir}/file`;
      Deno.writeTextFileSync(file, "bound\n");
      const made = (name: string): string => {
        const bundle = nativeBundle(bench, name, "cat /etc/resolv.conf; ls -d /nowhere/a; ls /", (config) => {
          const bind = { type: "bind", source: file, options: ["bind"] };
          config.mounts.push({ destination: "/etc/resolv.conf", ...bind });
          config.mounts.push({ destination: "/tmp/d/a", type: "tmpfs", source: "tmpfs", options: [] });
          config.mounts.push({ destination: "/tmp/o", ...bind });
        });
        Deno.symlinkSync("../tmp/systemd/stub.conf", `${bundle}/rootfs/etc/resolv.conf`);
        Deno.symlinkSync("/nowhere", `${bundle}/rootfs/tmp/d`);
        Deno.symlinkSync(`${"../".repeat(20)}${outside.slice(1)}`, `${bundle}/rootfs/tmp/o`);
        return bundle;
      };
      const own = made("own"), other = made("other");
      const { code, stdout, stderr } = await bench.call("run", "-b", own, "c");
      assert.deepEqual([code, stderr, stdout.split("\n").slice(0, 2)], [0, "", ["bound", "/nowhere/a"]]);
      const runc = await new Deno.Command("runc", {
        args: ["--root", `${bench.dir}/runc`, "run", "-b", other, "c"],
        stdin: "null",
      }).output();
      assert.equal(new TextDecoder().decode(runc.stdout), stdout);
      for (const place of [outside, "/nowhere"]) {
        assert.throws(() => Deno.lstatSync(place), Deno.errors.NotFound);
      }
    }),
);

testWhen(
  NATIVE,
  "CVE-2019-19921, CVE-2023-27561: proc and sysfs are not mounted where a link leads",
  () =>
    withBench(async (bench) => {
      for (const place of ["proc", "sys"]) {
        const bundle = nativeBundle(bench, place, "true");
        Deno.removeSync(`${bundle}/rootfs/${place}`);
        Deno.symlinkSync("tmp", `${bundle}/rootfs/${place}`);
        const { code, stderr } = await bench.call("run", "-b", bundle, "c");
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`^mounting \\w+ on /${place}`));
      }
    }),
);

testWhen(
  NATIVE,
  "CVE-2025-31133: paths are masked by the host's null device, whatever /dev/null is in the container",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "cat /etc/secret; stat -c %t:%T /etc/secret; cat /tmp/bait",
        (config) => {
          config.mounts = config.mounts.filter(({ destination }: { destination: string }) =>
            !destination.startsWith("/dev")
          );
          config.mounts.push({
            destination: "/dev",
            type: "bind",
            source: `${bench.dir}/dev`,
            options: ["bind"],
          });
          config.linux.maskedPaths = ["/etc/secret"];
        },
      );
      Deno.mkdirSync(`${bench.dir}/dev`);
      Deno.symlinkSync("/tmp/bait", `${bench.dir}/dev/null`);
      Deno.writeTextFileSync(`${bundle}/rootfs/tmp/bait`, "bait\n");
      Deno.writeTextFileSync(`${bundle}/rootfs/etc/secret`, "secret\n");
      const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.equal(stdout, "1:3\nbait\n", stderr);
    }),
);

testWhen(
  { ...NATIVE, tools: ["prlimit"] },
  "masked and read-only paths are never left out for want of descriptors, or because a link leads nowhere",
  () =>
    withBench(async (bench) => {
      const names = Array.from({ length: 300 }, (_, i) => `secret${i}`);
      const script =
        "cat /etc/s/* /etc/d/*/x 2>/dev/null | wc -c; (: >/etc/r/secret299) 2>/dev/null || echo kept";
      const bundle = nativeBundle(bench, "b", script, (config) => {
        config.root.readonly = false;
        config.process.rlimits = [];
        config.linux.maskedPaths = names.flatMap((name) => [`/etc/s/${name}`, `/etc/d/${name}`]);
        config.linux.readonlyPaths = names.map((name) => `/etc/r/${name}`);
      });
      for (const name of names) {
        Deno.mkdirSync(`${bundle}/rootfs/etc/d/${name}`, { recursive: true });
        for (const directory of ["s", "r"]) {
          Deno.mkdirSync(`${bundle}/rootfs/etc/${directory}`, { recursive: true });
        }
        for (const path of [`d/${name}/x`, `s/${name}`, `r/${name}`]) {
          Deno.writeTextFileSync(`${bundle}/rootfs/etc/${path}`, "secret\n");
        }
      }
      const { stdout, stderr } = await new Deno.Command("prlimit", {
        args: ["--nofile=200:200", ...runtimeCommand(bench.root), "run", "-b", bundle, "c"],
        stdin: "null",
      }).output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert.deepEqual(said, ["0\nkept\n", ""]);
      const loop = nativeBundle(
        bench,
        "loop",
        "true",
        (config) => config.linux.maskedPaths = ["/etc/loop/x"],
      );
      Deno.symlinkSync("loop", `${loop}/rootfs/etc/loop`);
      assert.match((await bench.call("run", "-b", loop, "c")).stderr, /masking \/etc\/loop\/x: .*ELOOP/);
    }),
);

testWhen(
  NATIVE,
  "CVE-2022-29162: no capability is inheritable that has not been asked for",
  () =>
    withBench(async (bench) => {
      const look = "grep CapInh /proc/self/status";
      await bench.ok("run", "-d", "-b", nativeBundle(bench, "b", `${look}; exec sleep 1000`), "c");
      const run = bench.calls, none = "CapInh:\t0000000000000000\n";
      const exec = ["exec", "--cap", "CAP_SYS_ADMIN", "c", "sh", "-c", look];
      while (bench.output(run) === "") await new Promise((resolve) => setTimeout(resolve, 10));
      assert.deepEqual([bench.output(run), await bench.ok(...exec)], [none, none]);
    }),
);

testWhen(
  NATIVE,
  "CVE-2025-52881: sysctls are written through a procfs that is mounted nowhere",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "sysctl -n kernel.msgmax; cat /tmp/fake/sys/kernel/msgmax",
        (config) => {
          config.linux.sysctl = { "kernel.msgmax": "4242" };
          config.mounts = config.mounts.filter(({ destination }: { destination: string }) =>
            destination !== "/proc"
          );
          config.mounts.push({
            destination: "/proc",
            type: "bind",
            source: `${bench.dir}/fake`,
            options: ["bind"],
          });
          config.mounts.push({ destination: "/tmp/proc", type: "proc", source: "proc", options: [] });
          config.linux.maskedPaths = config.linux.readonlyPaths = [];
          config.process.args[2] = "cat /tmp/proc/sys/kernel/msgmax; cat /proc/sys/kernel/msgmax";
        },
      );
      Deno.mkdirSync(`${bench.dir}/fake/sys/kernel`, { recursive: true });
      Deno.writeTextFileSync(`${bench.dir}/fake/sys/kernel/msgmax`, "untouched\n");
      const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.equal(stdout, "4242\nuntouched\n", stderr);
    }),
);
