/** Images that put links and volumes where /proc and /dev are to be: what the runtime does by itself must not land elsewhere, nor be left out. */
import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { busyboxBundle, WITH_BUSYBOX } from "./busybox.ts";
import { type Config, inUserNamespace } from "./support.ts";
import { terminalOf } from "./terminal.ts";

const WITH_CONSOLE = { ...WITH_BUSYBOX, tools: ["python3"] };
/** What is mounted, and where: fields 4 and 5 (man 5 proc, mountinfo). */
const MOUNTS = "read line; cut -d' ' -f4,5 /proc/self/mountinfo";

/** Root and place of each mount that a container's terminal has shown. */
function placesIn(shown: string): string[] {
  return shown.replaceAll("\r", "").split("\n").filter((line) => line.startsWith("/")).map((line) =>
    line.split(" ")[1]!
  );
}

/** Mounts a directory of the host on /dev. */
function devFrom(source: string, options: readonly string[] = []): (config: Config) => void {
  return (config) => {
    config.process.terminal = true;
    config.mounts = config.mounts.map((mount: Config) =>
      mount.destination === "/dev"
        ? { destination: "/dev", type: "bind", source, options: ["bind", ...options] }
        : mount
    ).filter(({ destination }: Config) => !/^\/dev\/(shm|mqueue)$/.test(destination));
  };
}

for (const [access, options, user] of [["ro", ["ro"], false], ["rw", [], false], ["rw", [], true]] as const) {
  testWhen(
    WITH_CONSOLE,
    `CVE-2025-52565: /dev/console is a link of the image's, /dev ${access}${
      user ? ", in a user namespace" : ""
    }: the terminal covers nothing else`,
    () =>
      withBench(async (bench) => {
        await Deno.chmod(bench.dir, 0o755);
        const dev = `${bench.dir}/dev`, secret = `${bench.dir}/secret`;
        Deno.mkdirSync(`${dev}/pts`, { recursive: true });
        Deno.writeTextFileSync(secret, "the host's\n");
        Deno.symlinkSync("/proc/sys/kernel/msgmax", `${dev}/console`);
        for (const name of ["null", "zero", "full", "random", "urandom", "tty"]) {
          Deno.symlinkSync(secret, `${dev}/${name}`);
        }
        for (const name of ["fd", "stdin", "stdout", "stderr"]) Deno.symlinkSync("fd", `${dev}/${name}`);
        Deno.symlinkSync("pts/ptmx", `${dev}/ptmx`);
        if (user) Deno.chownSync(dev, 100000, 100000);
        const script =
          `${MOUNTS}; cat /proc/timer_list | wc -c; echo 9 >/proc/sys/kernel/msgmax || echo kept`;
        const bundle = busyboxBundle(bench, "b", script, (config) => {
          devFrom(dev, options)(config);
          if (user) inUserNamespace(config);
        });
        const shown = await terminalOf(`${bench.dir}/console.sock`, async (socket) => {
          await bench.ok("create", "-b", bundle, "--console-socket", socket, "c");
          await bench.ok("start", "c");
        });
        const places = placesIn(shown);
        assert.equal(places.filter((place) => place === "/dev/console").length, 1, shown);
        assert.deepEqual(places.filter((place) => place.startsWith("/proc/sys/")), [], shown);
        assert.match(shown, /\r\n0\r\n/);
        assert.match(shown, /kept\r\n/);
        assert.equal(Deno.readTextFileSync(secret), "the host's\n");
        assert.equal(Deno.statSync(secret).uid, Deno.uid());
      }),
  );
}

testWhen(
  WITH_CONSOLE,
  "CVE-2025-52565: /dev/console is a link in an image without a mount on /dev: it gives way, and its target stays as it is",
  () =>
    withBench(async (bench) => {
      const bundle = busyboxBundle(
        bench,
        "b",
        `${MOUNTS}; stat -c %t:%T /dev/console; cat /etc/bait`,
        (config) => {
          config.process.terminal = true;
          config.mounts = config.mounts.filter(({ destination }: Config) =>
            !/^\/dev(\/shm|\/mqueue)?$/.test(destination)
          );
        },
      );
      Deno.writeTextFileSync(`${bundle}/rootfs/etc/bait`, "bait\n");
      Deno.symlinkSync("/etc/bait", `${bundle}/rootfs/dev/console`);
      const shown = await terminalOf(`${bench.dir}/console.sock`, async (socket) => {
        await bench.ok("create", "-b", bundle, "--console-socket", socket, "c");
        await bench.ok("start", "c");
      });
      assert.deepEqual(placesIn(shown).filter((place) => /console|bait/.test(place)), ["/dev/console"]);
      assert.match(shown, /88:0\r\nbait\r\n/);
    }),
);

testWhen(
  WITH_BUSYBOX,
  "CVE-2025-52565: /dev is a link to /proc: no container",
  () =>
    withBench(async (bench) => {
      const bundle = busyboxBundle(bench, "b", "echo ran", (config) => {
        config.mounts = config.mounts.filter(({ destination }: Config) => !destination.startsWith("/dev"));
      });
      Deno.removeSync(`${bundle}/rootfs/dev`);
      Deno.symlinkSync("proc", `${bundle}/rootfs/dev`);
      const { code, stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, /making device/);
    }),
);

/** A volume on /proc that has what a runtime could take for the real one. */
function fakeProc(path: string): void {
  for (const self of ["self", "thread-self"]) {
    Deno.mkdirSync(`${path}/${self}/attr/apparmor`, { recursive: true });
    for (const name of ["exec", "current", "keycreate", "apparmor/exec"]) {
      Deno.writeTextFileSync(`${path}/${self}/attr/${name}`, "");
    }
    Deno.writeTextFileSync(`${path}/${self}/oom_score_adj`, "");
    Deno.symlinkSync("/", `${path}/${self}/root`);
  }
  Deno.mkdirSync(`${path}/sys/kernel`, { recursive: true });
  Deno.writeTextFileSync(`${path}/sys/kernel/msgmax`, "");
  Deno.writeTextFileSync(`${path}/kcore`, "image's\n");
}

/** Files below a directory that are not empty. */
function filled(path: string): string[] {
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory, isFile }) =>
    isDirectory
      ? filled(`${path}/${name}`)
      : isFile && Deno.statSync(`${path}/${name}`).size > 0
      ? [`${path}/${name}`]
      : []
  );
}

for (const source of ["a volume", "the image"]) {
  testWhen(
    WITH_BUSYBOX,
    `CVE-2019-16884: /proc is ${source}: nothing is written to it, and what the configuration asks for is not left out`,
    () =>
      withBench(async (bench) => {
        const script = "cat /proc/kcore; cat /tmp/real/sys/kernel/msgmax /tmp/real/self/oom_score_adj; " +
          "grep -E 'NoNewPrivs|CapBnd|Seccomp:' /tmp/real/self/status; cat /proc/kcore";
        const bundle = busyboxBundle(bench, "b", script, (config) => {
          config.mounts = config.mounts.filter(({ destination }: Config) => destination !== "/proc");
          if (source === "a volume") {
            config.mounts.push({
              ...{ destination: "/proc", type: "bind", source: `${bench.dir}/fake`, options: ["bind"] },
            });
          }
          config.mounts.push({ destination: "/tmp/real", type: "proc", source: "proc", options: [] });
          config.linux.sysctl = { "kernel.msgmax": "4242" };
          config.linux.seccomp = {
            ...{ defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"] },
            syscalls: [{ names: ["getcwd"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }],
          };
          config.process.oomScoreAdj = 321;
          const caps = ["CAP_NET_BIND_SERVICE"];
          config.process.capabilities = { bounding: caps, effective: caps, permitted: caps };
        });
        const fake = source === "a volume" ? `${bench.dir}/fake` : `${bundle}/rootfs/proc`;
        fakeProc(fake);
        await bench.ok("create", "-b", bundle, "c");
        const created = bench.calls;
        await bench.ok("start", "c");
        await bench.stopped("c");
        assert.equal(
          bench.output(created),
          "4242\n321\nCapBnd:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\n",
        );
        assert.deepEqual(filled(fake), [`${fake}/kcore`]);
      }),
  );

  testWhen(
    WITH_BUSYBOX,
    `CVE-2019-16884, CVE-2023-28642: /proc is ${source}: a label is refused or set, and never written to it`,
    () =>
      withBench(async (bench) => {
        for (const label of ["apparmorProfile", "selinuxLabel"]) {
          const bundle = busyboxBundle(bench, label, "echo ran", (config) => {
            config.mounts = config.mounts.filter(({ destination }: Config) => destination !== "/proc");
            if (source === "a volume") {
              config.mounts.push({
                ...{ destination: "/proc", type: "bind", source: `${bench.dir}/fake`, options: ["bind"] },
              });
            }
            config.process[label] = "umiak-no-such-label";
          });
          const fake = source === "a volume" ? `${bench.dir}/fake` : `${bundle}/rootfs/proc`;
          if (source === "the image" || label === "apparmorProfile") fakeProc(fake);
          const { code, stdout, stderr } = await bench.call("run", "-b", bundle, "c");
          assert.deepEqual([code, stdout], [1, ""], stderr);
          assert.match(stderr, /label|apparmor|selinux/i);
          assert.deepEqual(filled(fake), [`${fake}/kcore`]);
        }
      }),
  );
}

testWhen(
  WITH_BUSYBOX,
  "CVE-2019-16884: masked and read-only paths that are links in the image: what they lead to is protected, by whatever name",
  () =>
    withBench(async (bench) => {
      const script =
        "cat /real/secret /link/secret /alias; for f in /real/kept /links/kept /real2/kept /filelink; do echo x >>$f || echo kept; done";
      const bundle = busyboxBundle(bench, "b", script, (config) => {
        config.linux.maskedPaths = ["/alias", "/link/secret"];
        config.linux.readonlyPaths = ["/links", "/filelink"];
      });
      const rootfs = `${bundle}/rootfs`;
      for (const name of ["real", "real2"]) {
        Deno.mkdirSync(`${rootfs}/${name}`);
        Deno.writeTextFileSync(`${rootfs}/${name}/kept`, "");
      }
      Deno.writeTextFileSync(`${rootfs}/real/secret`, "secret\n");
      Deno.writeTextFileSync(`${rootfs}/real/kept`, "");
      for (
        const [target, link] of [["/real/secret", "alias"], ["real", "link"], ["/link", "links"], [
          "real2/kept",
          "filelink",
        ]] as const
      ) {
        Deno.symlinkSync(target, `${rootfs}/${link}`);
      }
      const { stdout } = await bench.call("run", "-b", bundle, "c");
      assert.equal(stdout, "kept\n".repeat(4));
    }),
);
