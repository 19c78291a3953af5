/** Attackers that act while the runtime works: beside it on the host's files, and inside the container. */
import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { busyboxBundle, WITH_BUSYBOX } from "./busybox.ts";

/** Swaps a directory and a link for each other until its input ends. Arguments: where, and where the link leads. */
const SWAPPER = `
import ctypes, os, select, sys
os.chdir(sys.argv[1]); os.symlink(sys.argv[2], "kept"); print("ready", flush=True)
libc, HERE, EXCHANGE = ctypes.CDLL(None), -100, 2
while not select.select([0], [], [], 0)[0]: libc.renameat2(HERE, b"evil", HERE, b"kept", EXCHANGE)
`;

/** Runs `f` while a directory's \`evil\` is a directory at one moment and a link at the next. */
async function whileSwapped(directory: string, target: string, f: () => Promise<void>): Promise<void> {
  const swapper = new Deno.Command("python3", {
    ...{
      args: ["-c", SWAPPER, directory, target],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    } as const,
  }).spawn();
  try {
    await swapper.stdout.getReader().read();
    await f();
  } finally {
    await swapper.stdin.close();
    await swapper.status;
  }
}

const ROUNDS = 12;

for (const [how, link] of [["absolute", ""], ["relative", "../".repeat(20)]] as const) {
  testWhen(
    { ...WITH_BUSYBOX, tools: ["python3"] },
    `CVE-2021-30465, CVE-2024-45310: targets below a volume where ${how} links come and go: nothing is mounted or made outside`,
    () =>
      withBench(async (bench) => {
        const volume = `${bench.dir}/volume`, outside = `${bench.dir}/outside`;
        for (const path of [`${volume}/evil`, outside]) Deno.mkdirSync(path, { recursive: true });
        const bundle = busyboxBundle(bench, "b", "grep ' marker ' /proc/self/mountinfo; true", (config) => {
          const bind = { type: "bind", source: volume, options: ["bind"] };
          config.mounts.push({ destination: "/volume", ...bind });
          for (const place of ["evil/a/b", "evil/c"]) {
            config.mounts.push({
              ...{ destination: `/volume/${place}`, type: "tmpfs", source: "marker", options: [] },
            });
          }
        });
        Deno.mkdirSync(`${bundle}/rootfs${outside}`, { recursive: true });
        let ran = 0;
        await whileSwapped(volume, `${link}${outside.slice(link === "" ? 0 : 1)}`, async () => {
          for (let i = 0; i < ROUNDS; i++) {
            const { code, stdout, stderr } = await bench.call("run", "-b", bundle, "c");
            if (code === 0) {
              ran++;
              const places = stdout.split("\n").filter(Boolean).map((line) => line.split(" ")[4]!);
              assert.equal(places.length, 2, stdout);
              for (const place of places) {
                assert.match(place, /^\/(volume\/(evil|kept)|tmp\/[^/]+\/outside)\//);
              }
            } else assert.match(stderr, /^mounting tmpfs on \/volume\/evil/);
            assert.deepEqual([...Deno.readDirSync(outside)], []);
            assert.doesNotMatch(Deno.readTextFileSync("/proc/self/mountinfo"), / marker /);
          }
        });
        assert.ok(ran > 0, "none could be made");
      }),
  );
}

testWhen(
  { ...WITH_BUSYBOX, tools: ["python3"] },
  "man 2 openat2, EAGAIN: what others rename anywhere is no reason to fail on the way through a link with ..",
  () =>
    withBench(async (bench) => {
      const bundle = busyboxBundle(bench, "b", "grep -c ' marker ' /proc/self/mountinfo", (config) => {
        for (let i = 0; i < 20; i++) {
          config.mounts.push({ destination: `/tmp/link/${i}`, type: "tmpfs", source: "marker", options: [] });
        }
      });
      Deno.symlinkSync(`${"../".repeat(30)}etc/../tmp/../etc`, `${bundle}/rootfs/tmp/link`);
      const elsewhere = `${bench.dir}/elsewhere`;
      Deno.mkdirSync(`${elsewhere}/evil`, { recursive: true });
      await whileSwapped(elsewhere, "nowhere", async () => {
        for (let i = 0; i < ROUNDS; i++) {
          const { code, stdout, stderr } = await bench.call("run", "-b", bundle, "c");
          assert.deepEqual([code, stdout, stderr], [0, "20\n", ""]);
        }
      });
    }),
);

/** Looks for processes that come in, and tries what could be done with their program, until a file \`stop\` is there. */
const ATTACKER = `
while [ ! -e /tmp/stop ]; do
  for p in /proc/[0-9]*; do
    [ $p = /proc/1 ] && continue
    exe=$(readlink $p/exe) || continue
    case $exe in /bin/busybox*) continue;; esac
    echo "$exe" >>/tmp/seen
    for file in $p/exe $p/fd/*; do
      case $file in */[012]) continue;; esac # its streams are for it
      [ -f $file ] && { echo attack >>$file; } 2>/dev/null && echo "$file $(readlink $file)" >>/tmp/written
    done
    cd $p/cwd 2>/dev/null && [ -e dev/kmsg ] && ls >>/tmp/escaped
    cd /
  done
done
`;

testWhen(
  WITH_BUSYBOX,
  "CVE-2019-5736: a container that waits for exec finds neither the runtime's program nor a file that it can write to",
  () =>
    withBench(async (bench) => {
      const bundle = busyboxBundle(bench, "b", ATTACKER, (config) => {
        const caps = ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"];
        config.process.capabilities = { bounding: caps, effective: caps, permitted: caps };
      });
      const rootfs = `${bundle}/rootfs`;
      Deno.writeTextFileSync(`${rootfs}/bin/evil`, "#!/proc/self/exe\n", { mode: 0o755 });
      Deno.writeTextFileSync(`${rootfs}/bin/evil2`, "#!/proc/1/root/proc/self/exe\n", { mode: 0o755 });
      await bench.ok("run", "-d", "-b", bundle, "c");
      for (let i = 0; i < 8; i++) {
        const { code, stdout } = await bench.call("exec", "c", i % 2 === 0 ? "/bin/evil" : "/bin/evil2");
        assert.notEqual(code, 0);
        assert.equal(stdout, "");
        await bench.ok("exec", "c", "/bin/true");
      }
      Deno.writeTextFileSync(`${rootfs}/tmp/stop`, "");
      await bench.stopped("c");
      const lines = (name: string): string[] => {
        try {
          return [...new Set(Deno.readTextFileSync(`${rootfs}/tmp/${name}`).trim().split("\n"))];
        } catch {
          return [];
        }
      };
      for (const seen of lines("seen")) assert.match(seen, /^\/memfd:umiak-/);
      assert.deepEqual([lines("escaped"), lines("written")], [[], []]);
    }),
);
