import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { inUserNamespace, NATIVE, nativeBundle } from "./support.ts";

/** tmpfs has id-mapped mounts since Linux 6.3: directories of tests are in one on some systems. */
function withoutIdMaps(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
  if (major > 6 || (major === 6 && minor >= 3)) return undefined;
  const directory = Deno.makeTempDirSync();
  const { stdout } = new Deno.Command("stat", { args: ["-f", "-c", "%T", directory] }).outputSync();
  Deno.removeSync(directory);
  return new TextDecoder().decode(stdout).trim() === "tmpfs"
    ? "needs id-mapped mounts of tmpfs, which Linux has since 6.3"
    : undefined;
}

const ID_MAPS = { ...NATIVE, missing: NATIVE.missing ?? withoutIdMaps() };

testWhen(ID_MAPS, "id-mapped mounts have the owners that their maps say", () =>
  withBench(async (bench) => {
    const bundle = nativeBundle(bench, "b", "stat -c %u:%g /tmp /tmp/file", (config) => {
      const maps = [{ containerID: 0, hostID: 5000, size: 100 }];
      config.mounts.push({
        ...{ destination: "/tmp", type: "bind", source: `${bench.dir}/shared`, options: ["bind", "idmap"] },
        ...{ uidMappings: maps, gidMappings: maps },
      });
    });
    Deno.mkdirSync(`${bench.dir}/shared`);
    Deno.writeTextFileSync(`${bench.dir}/shared/file`, "");
    Deno.chownSync(`${bench.dir}/shared/file`, 7, 8);
    const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
    assert.equal(stdout, "5000:5000\n5007:5008\n", stderr);
  }));

testWhen(
  ID_MAPS,
  "id-mapped mounts in a user namespace: config.md#posix-platform-mounts, with mounts below and options",
  () =>
    withBench(async (bench) => {
      await Deno.chmod(bench.dir, 0o755);
      Deno.mkdirSync(`${bench.dir}/shared`);
      Deno.writeTextFileSync(`${bench.dir}/shared/file`, "");
      Deno.chownSync(`${bench.dir}/shared/file`, 7, 8);
      // The ids of the source, as the host has them: what they are in the mount is then seen from the user namespace.
      const maps = [{ containerID: 0, hostID: 100000, size: 100 }];
      const script = "stat -c %u:%g /tmp /tmp/file; touch /tmp/new; stat -c %u:%g /tmp/new; " +
        "touch /etc/new 2>&1 | grep -o Read-only; stat -c %u:%g /etc/file; findmnt -no OPTIONS /tmp | grep -o nosuid";
      const bundle = nativeBundle(bench, "b", script, (config) => {
        inUserNamespace(config);
        for (
          const [destination, options] of [["/tmp", ["bind", "idmap", "nosuid"]], ["/etc", [
            "rbind",
            "ridmap",
            "ro",
          ]]]
        ) {
          config.mounts.push({
            ...{ destination, type: "bind", source: `${bench.dir}/shared`, options },
            ...{ uidMappings: maps, gidMappings: maps },
          });
        }
      });
      const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.deepEqual([stdout, stderr], ["0:0\n7:8\n0:0\nRead-only\n7:8\nnosuid\n", ""]);
      assert.equal(Deno.statSync(`${bench.dir}/shared/new`).uid, 0);
    }),
);

testWhen(
  NATIVE,
  "tmpcopyup: a tmpfs begins with what it covers, links and nodes as they are",
  () =>
    withBench(async (bench) => {
      const script =
        "cd /etc; cat a/file; stat -c '%N %F %a %u:%g %Y' a a/file link fifo; touch new; n=$(printf '\\377'); [ \"$(readlink a/odd$n)\" = to$n ] && echo odd";
      const bundle = nativeBundle(bench, "b", script, (config) => {
        config.mounts.push({ destination: "/etc", type: "tmpfs", source: "t", options: ["tmpcopyup"] });
      });
      const etc = `${bundle}/rootfs/etc`;
      Deno.mkdirSync(`${etc}/a`);
      Deno.writeTextFileSync(`${etc}/a/file`, "text\n", { mode: 0o644 });
      Deno.chownSync(`${etc}/a/file`, 3, 4);
      Deno.symlinkSync("/etc/shadow", `${etc}/link`);
      await new Deno.Command("mkfifo", { args: ["-m", "600", `${etc}/fifo`] }).output();
      // Names and links are bytes, and need not be text.
      const odd = `cd '${etc}/a' && ln -s "$(printf 'to\\377')" "$(printf 'odd\\377')"`;
      assert.ok((await new Deno.Command("sh", { args: ["-c", odd] }).output()).success);
      for (const name of ["a/file", "a"]) Deno.utimeSync(`${etc}/${name}`, 1000, 2000);
      const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      const [text, ...lines] = stdout.split("\n");
      assert.deepEqual([text, ...lines.map((line) => line.replace(/ \d{5,}$/, ""))], [
        "text",
        "'a' directory 755 0:0 2000",
        "'a/file' regular file 644 3:4 2000",
        "'link' -> '/etc/shadow' symbolic link 777 0:0",
        "'fifo' fifo 600 0:0",
        "odd",
        "",
      ], stderr);
      assert.deepEqual([...Deno.readDirSync(etc)].map(({ name }) => name).sort(), ["a", "fifo", "link"]);
    }),
);

testWhen(
  NATIVE,
  "tmpcopyup in a user namespace: what is there belongs to whom it belonged, and what nobody may read is not copied",
  () =>
    withBench(async (bench) => {
      await Deno.chmod(bench.dir, 0o755);
      const copyUp = (id: string, script: string): string => {
        const bundle = nativeBundle(bench, id, script, (config) => {
          inUserNamespace(config);
          const caps = ["CAP_DAC_OVERRIDE"];
          config.process.capabilities = { bounding: caps, effective: caps, permitted: caps };
          config.mounts.push({ destination: "/etc", type: "tmpfs", source: "t", options: ["tmpcopyup"] });
        });
        const etc = `${bundle}/rootfs/etc`;
        Deno.mkdirSync(`${etc}/a/b`, { recursive: true });
        Deno.writeTextFileSync(`${etc}/a/b/own`, "x".repeat(100_000));
        Deno.writeTextFileSync(`${etc}/host`, "host\n", { mode: 0o644 });
        Deno.symlinkSync("/etc/shadow", `${etc}/a/link`);
        const odd = new Deno.Command("sh", { args: ["-c", `: > "$(printf '${etc}/a/odd\\377')"`] })
          .outputSync();
        assert.ok(odd.success);
        for (
          const [path, uid, mode] of [["a", 100033, 0o750], ["a/b", 100000, 0o700], [
            "a/b/own",
            100033,
            0o600,
          ]] as const
        ) {
          Deno.chownSync(`${etc}/${path}`, uid, uid);
          Deno.chmodSync(`${etc}/${path}`, mode);
        }
        Deno.chownSync(etc, 100000, 100000);
        Deno.chmodSync(`${etc}/host`, 0o644);
        for (const path of ["a/b/own", "a/b", "a"]) Deno.utimeSync(`${etc}/${path}`, 1000, 2000);
        return bundle;
      };
      const bundle = copyUp(
        "b",
        "cd /etc; stat -c '%N %a %u:%g %s %Y' a a/b a/b/own; stat -c '%N %a %u:%g' host; readlink a/link; cat host; [ -e a/odd* ] && echo odd; touch new",
      );
      const { stdout, stderr } = await bench.call("run", "-b", bundle, "c");
      assert.deepEqual([
        stdout.split("\n").map((line) => line.replace(/^('a(?:\/b)?' \d+ \S+) \d+/, "$1")),
        stderr,
      ], [[
        "'a' 750 33:33 2000",
        "'a/b' 700 0:0 2000",
        "'a/b/own' 600 33:33 100000 2000",
        "'host' 644 65534:65534",
        "/etc/shadow",
        "host",
        "odd",
        "",
      ], ""]);
      const secret = copyUp("s", "true");
      Deno.chmodSync(`${secret}/rootfs/etc/host`, 0o600); // of the host's root: not for the container's, and not for runc's
      const refused = await bench.call("run", "-b", secret, "s");
      assert.deepEqual(
        [refused.code, /copying what a mount covers: host: permission denied/.test(refused.stderr)],
        [1, true],
        refused.stderr,
      );
    }),
);
