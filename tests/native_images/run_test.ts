/** Images for Linux, run on Linux. */
import assert from "node:assert/strict";
import { platformText } from "../../image/platform.ts";
import { hostPlatform } from "../../runtime/engine/native/choose_image.ts";
import { runImage } from "../../runtime/engine/run_image.ts";
import { run } from "../support/layouts.ts";
import { umiak } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { ARCHITECTURE, AS_ROOT, baseEntries, makeImage, Place, withPlace } from "./support.ts";

testWhen(
  AS_ROOT,
  "an image for this Linux is run by it: its layers in an overlay, nothing of a container is left",
  () =>
    withPlace(async (place) => {
      const first = await place.run(["--network", "none"], []);
      assert.deepEqual([first.code, first.stdout, first.stderr], [0, "one\n", ""]);
      // layer.md#whiteouts, by the kernel's eyes.
      assert.equal(
        await place.says(
          "ls /opt /opt/a /opt/b; cat /opt/a/two /opt/b/upper; stat -c %h:%u /opt/a/hard /data/kept",
        ),
        "/opt:\na\nb\n\n/opt/a:\nhard\none\ntwo\n\n/opt/b:\nupper\n2\nupper\n2:0\n1:0\n",
      );
      assert.equal(
        await place.says("echo changed > /opt/a/one; rm -r /opt/b; touch /new; ls /"),
        [
          ...["bin", "data", "dev", "etc", "new", "opt", "proc", "root", "sys", "tmp", ""],
        ].join("\n"),
      );
      assert.equal(
        await place.says("cat /opt/a/one; ls /opt/b; ls /new 2>&1 || true"),
        [
          ...["one", "upper", "ls: /new: No such file or directory", ""],
        ].join("\n"),
      );
      assert.equal(place.trees().length, 2);
      assert.deepEqual(place.left(), []);
      const mounts = await Deno.readTextFile("/proc/self/mounts");
      assert.ok(!mounts.includes(place.dir));
    }),
);

testWhen(
  AS_ROOT,
  "exit codes are docker's: 125 of umiak, 126 not executable, 127 not found, the program's own",
  () =>
    withPlace(async (place) => {
      const codes: [number, RegExp, string[], string[]][] = [
        [42, /^$/, [], ["sh", "-c", "exit 42"]],
        [127, /executing "nope": executable file not found in \$PATH/, [], ["nope"]],
        [127, /executing "\/nope": no such file or directory/, [], ["/nope"]],
        [126, /executing "\/opt\/a\/one": permission denied/, [], ["/opt/a/one"]],
        [126, /executing "\/opt": /, [], ["/opt"]],
        [125, /user "nobody": no such user/, ["--user", "nobody"], ["true"]],
        [125, /binding \/nonexistent on \/x: no such file or directory/, ["-v", "/nonexistent:/x"], ["true"]],
        [125, /--listen: sockets are handed on by the sandbox backend only/, ["--listen", "80"], ["true"]],
        [137, /^$/, ["--timeout", "1s"], ["sleep", "1000"]],
        [3, /^$/, ["--timeout", "1s", "--stop-signal", "TERM"], [
          "sh",
          "-c",
          "trap 'exit 3' TERM; while :; do sleep 0.1; done",
        ]],
      ];
      for (const [code, error, options, words] of codes) {
        const done = await place.run(["--network", "none", ...options], words);
        assert.equal(done.code, code, `${words}: ${done.stderr}`);
        assert.match(done.stderr, error);
      }
      assert.deepEqual(place.left(), []);
    }),
);

testWhen(AS_ROOT, "what the options say is what the program finds", () =>
  withPlace(async (place) => {
    assert.equal(
      await place.says("id", "--user", "user"),
      "uid=1000(user) gid=1001(user) groups=1002(more)\n",
    );
    assert.equal(await place.says("id -u; id -g; echo $HOME", "--user", "7:8"), "7\n8\n/\n");
    assert.equal(
      await place.says("pwd; echo $A $FOO", "-w", "/made/here", "-e", "A=b"),
      "/made/here\nb bar\n",
    );
    assert.equal(
      await place.says("hostname; cat /etc/hostname; grep -c box /etc/hosts; id -u; echo $$", "-h", "box"),
      "box\nbox\n1\n0\n1\n",
    );
    assert.equal(
      await place.says("touch /x 2>&1 || echo $?", "--read-only"),
      "touch: /x: Read-only file system\n1\n",
    );
    assert.equal(
      await place.says("touch /s/x && grep -c ' /s ' /proc/mounts", "--read-only", "--tmpfs", "/s"),
      "1\n",
    );
    await Deno.mkdir(`${place.dir}/v`);
    await Deno.writeTextFile(`${place.dir}/v/f`, "f\n");
    assert.equal(await place.says("cat /v/f; echo g > /v/g", "-v", `${place.dir}/v:/v`), "f\n");
    assert.equal(await Deno.readTextFile(`${place.dir}/v/g`), "g\n");
    const readOnly = ["--mount", `type=bind,source=${place.dir}/v/f,target=/etc/new/f,readonly`];
    assert.equal(await place.says("cat /etc/new/f; echo no > /etc/new/f || echo $?", ...readOnly), "f\n1\n");
    assert.equal((await place.run(["-i", "--network", "none"], ["cat"], "typed\n")).stdout, "typed\n");
    assert.equal((await place.run(["--network", "none"], ["cat"], "typed\n")).stdout, "");
    assert.equal(
      await place.says("grep NoNewPrivs /proc/self/status", "--security-opt", "no-new-privileges"),
      "NoNewPrivs:\t1\n",
    );
  }));

testWhen(
  AS_ROOT,
  "a container has docker's devices, capabilities, masks and a filter of system calls",
  () =>
    withPlace(async (place) => {
      assert.equal(
        await place.says("ls /dev"),
        [
          ...[
            "fd",
            "full",
            "mqueue",
            "null",
            "ptmx",
            "pts",
            "random",
            "shm",
            "stderr",
            "stdin",
            "stdout",
            "tty",
            "urandom",
          ],
          ...["zero", ""],
        ].join("\n"),
      );
      assert.equal(
        await place.says("grep -E '^(CapEff|CapInh|CapAmb|Seccomp|NoNewPrivs):' /proc/self/status"),
        "CapInh:\t0000000000000000\nCapEff:\t00000000880405fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n",
      );
      assert.equal(
        await place.says("grep -E '^Seccomp:' /proc/self/status", "--security-opt", "seccomp=unconfined"),
        "Seccomp:\t0\n",
      );
      assert.equal(
        await place.says("head -c1 /proc/kcore | wc -c; echo x > /proc/sysrq-trigger; echo $?"),
        "0\n1\n",
      );
      assert.equal(
        await place.says("mount -t tmpfs none /tmp 2>&1; echo $?"),
        "mount: permission denied (are you root?)\n1\n",
      );
      // A node for a device that is not the container's can be made, and not be opened: what its cgroup says (config-linux.md#allowed-device-list).
      assert.equal(
        await place.says("mknod /tmp/kmsg c 1 11; head -c1 /tmp/kmsg 2>&1; true"),
        "head: /tmp/kmsg: Operation not permitted\n",
      );
    }),
);

testWhen(
  AS_ROOT,
  "volumes keep what the image has there, in a read-only root too",
  () =>
    withPlace(async (place) => {
      const script =
        "cat /data/kept; stat -c %a /data/kept; echo x > /data/x; echo x > /fresh/x; ls /data /fresh";
      const expected = "kept\n600\n/data:\nkept\nx\n\n/fresh:\nx\n";
      assert.equal(await place.says(script), expected);
      assert.equal(await place.says(script, "--read-only"), expected);
    }, (path) => makeImage(path, undefined, { Volumes: { "/data": {}, "/fresh": {} } })),
);

testWhen(
  AS_ROOT,
  "volumes that an image has where the engine mounts, or over its whole root, change nothing; the store's path may have any letters",
  () =>
    withPlace(async (plain) => {
      const place = new Place(`${plain.dir}/a b,c:d\\e`, plain.image);
      await Deno.mkdir(place.dir);
      const script =
        "stat -c %a /dev/shm; grep -c ' /sys/fs/cgroup ' /proc/mounts; grep -c localhost /etc/hosts";
      const about = await place.says(script);
      assert.match(about, /^1777\n1\n\d\n$/);
      assert.equal(await place.says(script, "--read-only"), about);
      assert.equal(await place.says("echo x 2>/dev/null > /opt/x || echo no", "--read-only"), "no\n");
      assert.equal(await place.says("grep -c ' / overlay ' /proc/mounts"), "1\n");
      assert.equal(
        await place.says("ls /data", "-v", `${plain.dir}/image/oci-layout:/data/file`),
        "file\nkept\n",
      );
    }, (path) => {
      const paths = ["/", "/proc", "/sys/fs/cgroup", "/dev/shm/", "/etc/hosts", "/data/", "/data"];
      return makeImage(path, undefined, { Volumes: Object.fromEntries(paths.map((each) => [each, {}])) });
    }),
);

testWhen(
  AS_ROOT,
  "an image for another machine is an error that says so; WebAssembly stays in the sandbox",
  async () => {
    const other = ARCHITECTURE === "amd64" ? "riscv64" : "amd64";
    await withPlace(async (place) => {
      const done = await place.run([], ["true"]);
      assert.deepEqual([done.code, done.stdout], [125, ""]);
      assert.match(
        done.stderr,
        new RegExp(`is for linux/${other}, and this machine is ${platformText(hostPlatform())}`),
      );
      const sandbox = await place.run(["--backend", "sandbox"], ["true"]);
      assert.equal(sandbox.code, 126);
      assert.match(sandbox.stderr, /not a WebAssembly module/);
    }, (path) => makeImage(path, [baseEntries()], {}, other));
    const module = `${import.meta.dirname}/../guests/hello.wasm`;
    if (await Deno.stat(module).then(() => true, () => false)) {
      const refused = await umiak(["run", "--backend", "native", module]);
      assert.deepEqual([refused.code, /it is for wasi\/wasm, not for linux/.test(refused.stderr)], [
        125,
        true,
      ]);
    }
  },
);

testWhen(
  AS_ROOT,
  "an image without layers, and one without /etc: binds make what they need",
  () =>
    withPlace(async (place) => {
      const done = await place.run(["--network", "none", "-v", "/bin/busybox:/busybox"], [
        "/busybox",
        "ls",
        "/",
      ]);
      assert.deepEqual([done.code, done.stdout], [0, "busybox\ndev\netc\nproc\nsys\n"], done.stderr);
    }, (path) => makeImage(path, [])),
);

testWhen(
  AS_ROOT,
  "a library's streams are the container's, and it ends by a signal of its caller",
  () =>
    withPlace(async (place) => {
      const out: string[] = [],
        sink = (to: string[]) => ({
          writeSync: (bytes: Uint8Array): number => (to.push(new TextDecoder().decode(bytes)), bytes.length),
        });
      const input = new TextEncoder().encode("in\n"), errors: string[] = [];
      let read = false;
      const options = {
        image: place.image,
        network: { mode: "none" as const },
        prepare: { storeRoot: place.store },
      };
      const code = await runImage(
        { ...options, backend: "native", args: ["sh", "-c", "cat; echo err >&2; exit 4"] },
        {
          stdin: {
            read: (into) => {
              if (read) return Promise.resolve(null);
              read = true;
              into.set(input);
              return Promise.resolve(input.length);
            },
          },
          stdout: sink(out),
          stderr: sink(errors),
        },
      );
      assert.deepEqual([code, out.join(""), errors.join("")], [4, "in\n", "err\n"]);
      const controller = new AbortController();
      const ended = runImage({
        ...options,
        args: ["sh", "-c", "echo begun; sleep 1000"],
        signal: controller.signal,
      }, {
        stdout: { writeSync: (bytes) => (controller.abort(), bytes.length) },
      });
      assert.equal(await ended, 137);
      assert.deepEqual(place.left(), []);
    }),
);

testWhen(
  { ...AS_ROOT, tools: ["buildah"], missing: AS_ROOT.missing },
  "an image of buildah's with whiteouts of its own",
  () =>
    withPlace(async (place) => {
      assert.equal(
        await place.says("cat /f /d/new; ls /d /; stat -c %u:%g:%a /d"),
        [
          ...[
            "two",
            "new",
            "/:",
            "bin",
            "d",
            "dev",
            "etc",
            "f",
            "proc",
            "sys",
            "",
            "/d:",
            "new",
            "3:4:750",
            "",
          ],
        ].join("\n"),
      );
    }, async (path) => {
      await Deno.mkdir(path);
      const script = `
      export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot _CONTAINERS_ROOTLESS_UID=
      b() { buildah --root ${path}/root --runroot ${path}/run "$@"; }
      c=$(b from scratch) m=$(b mount $c)
      mkdir -p $m/bin $m/d/sub && cp /bin/busybox $m/bin/busybox && echo one > $m/f && echo old > $m/d/old && echo x > $m/gone
      for n in sh cat ls stat; do ln -s busybox $m/bin/$n; done
      b config --cmd sh $c && b commit -q $c first >/dev/null
      c=$(b from first) m=$(b mount $c)
      rm -r $m/gone $m/d && mkdir $m/d && echo new > $m/d/new && echo two > $m/f && chown 3:4 $m/d && chmod 750 $m/d
      b commit -q $c second >/dev/null && b push -q second oci:${path}/oci:v1 && b rm -a >/dev/null && b rmi -a -f >/dev/null`;
      await run(path, "sh", "-ec", script);
      return `oci:${path}/oci:v1`;
    }),
);
