/** `umiak run` from outside: what its users see. @module */
import assert from "node:assert/strict";
import { repositoryFile, umiak, umiakArgs, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const PROBE = repositoryFile("tests/guests/probe.wasm");
const CAT = repositoryFile("tests/guests/cat.wasm");

/** Runs the probe in a container; standard output, which must be all there is. */
async function probe(options: readonly string[], ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await umiak(["run", ...options, PROBE, ...args]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return stdout;
}

Deno.test("a module gets its arguments as they are", async () => {
  assert.equal(await probe([], "args", "a b", "", "--flag", "ü"), "a b\n\n--flag\nü\n");
});

Deno.test("exit codes: the program's own, and 128 + n by signal", async () => {
  const codes: [string[], number][] = [
    [["exit", "0"], 0],
    [["exit", "7"], 7],
    [["exit", "256"], 0],
    [["abort"], 134],
    [["oob"], 139],
    [["div"], 136],
    [["deep"], 139],
  ];
  for (const [args, code] of codes) {
    assert.equal((await umiak(["run", PROBE, ...args])).code, code, args.join(" "));
  }
});

Deno.test("a trap is told in one line on standard error", async () => {
  const { stderr } = await umiak(["run", PROBE, "abort"]);
  assert.match(stderr, /^umiak: \/probe\.wasm: unreachable\n$/);
});

Deno.test("environment: defaults, -e over --env-file, a name alone is passed on", async () => {
  await withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/env`, "# comment\nA=file\n\nB=file\nPASSED\n");
    const args = [
      "run",
      "--env-file",
      `${dir}/env`,
      "-e",
      "A=option",
      "-e",
      "EMPTY=",
      "-e",
      "UNSET_HERE",
      "--hostname",
      "box",
      PROBE,
      "env",
    ];
    const { stdout } = await umiak(args, { env: { PASSED: "on" } });
    assert.deepEqual(stdout.trimEnd().split("\n").sort(), [
      "A=option",
      "B=file",
      "EMPTY=",
      "HOME=/root",
      "HOSTNAME=box",
      "PASSED=on",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]);
  });
});

Deno.test("the working directory is made, and relative names are below it", async () => {
  const out = await probe(
    ["-w", "/srv/work"],
    "put",
    "note",
    "hello",
    "--",
    "cat",
    "/srv/work/note",
    "--",
    "ls",
    "/srv",
  );
  assert.equal(out, "hellowork\n");
});

Deno.test("bind mounts: read-write reaches the host, read-only is EROFS", async () => {
  await withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/in`, "from the host");
    assert.equal(
      await probe(["-v", `${dir}:/data`], "cat", "/data/in", "--", "put", "/data/out", "from inside"),
      "from the host",
    );
    assert.equal(await Deno.readTextFile(`${dir}/out`), "from inside");
    const refused = await umiak([
      "run",
      "-v",
      `${dir}:/data:ro`,
      PROBE,
      "put",
      "/data/x",
      "",
      "--",
      "rm",
      "/data/in",
      "--",
      "mkdir",
      "/data/d",
    ]);
    assert.equal(
      refused.stdout,
      ["open /data/x", "unlink /data/in", "mkdir /data/d"].map((what) => `${what}: Read-only file system\n`)
        .join(""),
    );
    assert.deepEqual(Array.from(Deno.readDirSync(dir), (entry) => entry.name).sort(), ["in", "out"]);
  });
});

Deno.test("a single file can be bound", async () => {
  await withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "one file");
    const out = await probe(
      ["--mount", `type=bind,src=${dir}/file,dst=/etc/conf/it,readonly`],
      "cat",
      "/etc/conf/it",
      "--",
      "ls",
      "/etc/conf",
    );
    assert.equal(out, "one fileit\n");
  });
});

testWhen(
  { os: ["linux", "darwin"] },
  "links in a bind mount lead nowhere outside it",
  () =>
    withDirectory(async (dir) => {
      await Deno.mkdir(`${dir}/bound`);
      await Deno.writeTextFile(`${dir}/secret`, "secret");
      await Deno.symlink("../secret", `${dir}/bound/up`);
      await Deno.symlink(`${dir}/secret`, `${dir}/bound/absolute`);
      const { stdout } = await umiak([
        "run",
        "-v",
        `${dir}/bound:/b`,
        PROBE,
        "cat",
        "/b/up",
        "--",
        "cat",
        "/b/absolute",
        "--",
        "cat",
        "/b/../../../../../secret",
      ]);
      assert.ok(!stdout.includes("secret\n") && !/^secret/m.test(stdout), stdout);
      assert.equal(stdout.match(/No such file or directory/g)?.length, 3);
    }),
);

Deno.test("--tmpfs has its size", async () => {
  const { stdout } = await umiak([
    "run",
    "--tmpfs",
    "/t:size=64k",
    PROBE,
    "put",
    "/t/small",
    "x",
    "--",
    "cat",
    "/proc/self/mountinfo",
  ]);
  assert.match(stdout, / \/t rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=64k\n/);
});

Deno.test("--read-only leaves the root alone, not what is mounted", async () => {
  const { stdout } = await umiak([
    "run",
    "--read-only",
    "--tmpfs",
    "/t",
    PROBE,
    "put",
    "/x",
    "",
    "--",
    "put",
    "/t/x",
    "ok",
    "--",
    "cat",
    "/t/x",
  ]);
  assert.equal(stdout, "open /x: Read-only file system\nok");
});

Deno.test("-u: another user has no rights to root's files", async () => {
  const { stdout } = await umiak([
    "run",
    "-u",
    "1000:100",
    PROBE,
    "put",
    "/x",
    "",
    "--",
    "cat",
    "/proc/self/status",
  ]);
  assert.match(stdout, /^open \/x: Permission denied\n/);
  assert.match(stdout, /^Uid:\t1000\t1000\t1000\t1000$/m);
  assert.match(stdout, /^Gid:\t100\t100\t100\t100$/m);
  assert.match(stdout, /^CapEff:\t0{16}$/m);
});

Deno.test("the container has its own host name, processes and devices", async () => {
  const out = await probe(
    ["--hostname", "box"],
    "cat",
    "/proc/sys/kernel/hostname",
    "--",
    "ls",
    "/dev",
    "--",
    "readlink",
    "/dev/stdin",
    "--",
    "stat",
    "/dev/null",
    "--",
    "readlink",
    "/proc/self",
  );
  const lines = out.trimEnd().split("\n");
  assert.equal(lines[0], "box");
  for (const name of "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero".split(" ")) {
    assert.ok(lines.includes(name), name);
  }
  assert.deepEqual(lines.slice(-3, -1).map((line) => line.split(" ")[0]), ["/proc/self/fd/0", "char"]);
  assert.equal(lines.at(-1), "1");
});

Deno.test("files are kept nowhere: every container begins anew", async () => {
  assert.equal(await probe([], "put", "/x", "1", "--", "ls", "/"), "dev\nprobe.wasm\nproc\nsys\nx\n");
  assert.equal(await probe([], "ls", "/"), "dev\nprobe.wasm\nproc\nsys\n");
});

Deno.test("standard input is passed on with -i only", async () => {
  const { stdout } = await umiak(["run", "-i", PROBE, "lines"], { stdin: "one\ntwo\nthree" });
  assert.equal(stdout, "got one\ngot two\ngot three");
  assert.equal((await umiak(["run", PROBE, "lines"], { stdin: "one\n" })).stdout, "");
});

Deno.test("/dev/stdout and /proc/self/fd/1 are the standard output", async () => {
  assert.equal(
    await probe([], "append", "/dev/stdout", "one ", "--", "append", "/proc/self/fd/1", "two "),
    "one two ",
  );
});

Deno.test("standard output and error are apart, and keep their bytes", async () => {
  const { stdout, stderr } = await umiak(["run", PROBE, "echo", "out", "--", "err", "err"]);
  assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
});

Deno.test("poll waits for input, and not for ever", async () => {
  const { stdout } = await umiak(["run", "-i", PROBE, "poll", "5000"], { stdin: "x" });
  assert.equal(stdout, "poll 1\n");
  assert.equal(await probe(["--tmpfs", "/t"], "poll", "10"), "poll 1\n"); // an empty input is at its end: readable
});

/** Sums bytes without keeping them. */
async function count(stream: ReadableStream<Uint8Array>): Promise<{ bytes: number; hash: number }> {
  let bytes = 0, hash = 0;
  for await (const chunk of stream) {
    for (let i = 0; i < chunk.length; i += 97) hash = (hash * 31 + chunk[i]! + ((bytes + i) & 0xff)) >>> 0;
    bytes += chunk.length;
  }
  return { bytes, hash };
}

testWhen({ os: ["linux"] }, "256 MB go through cat without being kept in memory", async () => {
  const total = 256 * 1024 * 1024;
  const child = new Deno.Command(Deno.execPath(), {
    args: umiakArgs(["run", "-i", CAT]),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const block = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 7) & 0xff);
  let peak = 0;
  const feed = (async () => {
    const writer = child.stdin.getWriter();
    for (let sent = 0; sent < total; sent += block.length) {
      await writer.write(block);
      if (sent % (32 * block.length) !== 0) continue;
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    }
    await writer.close();
  })();
  const { bytes } = await count(child.stdout);
  await feed;
  assert.equal(bytes, total);
  assert.equal((await child.status).code, 0);
  assert.ok(peak > 0 && peak < 160 * 1024, `${peak} kB at most`);
});

testWhen({ os: ["linux", "darwin"] }, "a reader that goes away ends the program with SIGPIPE", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: umiakArgs(["run", PROBE, "flood", "100000000"]),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal((await child.status).code, 141);
});

testWhen({ os: ["linux", "darwin"] }, "Ctrl-C ends a waiting and a busy program: 130", async () => {
  for (const args of [["echo", "ready", "--", "sleep", "600000"], ["echo", "ready", "--", "spin"]]) {
    const child = new Deno.Command(Deno.execPath(), {
      args: umiakArgs(["run", PROBE, ...args]),
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130, args.join(" "));
    await reader.cancel();
  }
});

testWhen(
  { os: ["linux", "darwin"] },
  "--timeout ends a waiting and a busy program: 137, or the signal asked for",
  async () => {
    assert.equal((await umiak(["run", "--timeout", "200ms", PROBE, "sleep", "600000"])).code, 137);
    assert.equal(
      (await umiak(["run", "--timeout", "200ms", "--stop-signal", "TERM", PROBE, "sleep", "600000"])).code,
      143,
    );
    assert.equal((await umiak(["run", "--timeout", "200ms", PROBE, "spin"])).code, 137);
    assert.equal(
      (await umiak(["run", "--timeout", "200ms", "--stop-signal", "TERM", PROBE, "spin"])).code,
      143,
    );
  },
);

Deno.test("--memory is how far a program's memory can grow", async () => {
  assert.equal((await umiak(["run", "-m", "64m", PROBE, "alloc", "16"])).stdout, "allocated\n");
  const { code, stdout } = await umiak(["run", "-m", "8m", PROBE, "alloc", "16"]);
  assert.deepEqual([code, stdout], [1, "malloc 16: Out of memory\n"]);
  const none = await umiak(["run", "-m", "1k", PROBE]);
  assert.equal(none.code, 126);
  assert.match(none.stderr, /the module starts with \d+ bytes of memory, the limit is 1024$/m);
});

Deno.test("the wasmer engine runs one module, and says what it cannot", async () => {
  const { code, stdout } = await umiak(["run", "--engine", "wasmer", PROBE, "echo", "from wasmer"]);
  assert.deepEqual([code, stdout], [0, "from wasmer\n"]);
  const refused = await umiak(["run", "--engine", "wasmer", "-v", "/:/host", PROBE]);
  assert.equal(refused.code, 125);
  assert.match(refused.stderr, /--engine wasmer .* no mounts/);
});

Deno.test("help COMMAND is COMMAND --help", async () => {
  const [asked, own] = [await umiak(["help", "image", "pack"]), await umiak(["image", "pack", "--help"])];
  assert.deepEqual([asked.code, asked.stdout], [0, own.stdout]);
  assert.match((await umiak(["help", "rum"])).stderr, /did you mean "run"/);
});

/** Runs `umiak run ARGS` on a terminal of its own, on which `input` is typed. What the terminal shows, and the exit code. */
async function onTerminal(args: readonly string[], input: string): Promise<[shown: string, code: number]> {
  const command = [Deno.execPath(), ...umiakArgs(["run", ...args])].map((each) => `'${each}'`).join(" ");
  const around = `stty -g >before; ${command}; code=$?; stty -g | cmp - before && exit $code`;
  return await withDirectory(async (cwd) => {
    const child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", around, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      cwd,
    }).spawn();
    let shown = "";
    const writer = child.stdin.getWriter();
    let typed = false;
    for await (const bytes of child.stdout) {
      shown += new TextDecoder().decode(bytes);
      if (typed || !shown.includes("ready\r\n")) continue;
      typed = true;
      await writer.write(new TextEncoder().encode(input));
    }
    const { code } = await child.status;
    await writer.close().catch(() => {});
    return [shown, code];
  });
}

testWhen(
  { os: ["linux"], tools: ["script", "stty", "cmp"] },
  "-it gives the program the terminal, and leaves it as it was",
  async () => {
    const [shown, code] = await onTerminal(
      ["-it", PROBE, "tty", "--", "echo", "ready", "--", "lines"],
      "typed\n\x04",
    );
    assert.equal(code, 0);
    assert.match(shown, /^1 1 1\r\nready\r\n/);
    assert.match(shown, /got typed\r\n/);
    assert.deepEqual(await onTerminal(["-i", PROBE, "tty", "--", "echo", "ready"], ""), [
      "0 0 0\r\nready\r\n",
      0,
    ]);
    assert.equal(
      (await onTerminal(["-it", PROBE, "echo", "ready", "--", "lines"], "\x03"))[1],
      130,
      "Ctrl-C",
    );
  },
);

Deno.test("umiak run -i: everything that comes through a pipe arrives, in order", async () => {
  const text = Array.from({ length: 300_000 }, (_, i) => `line ${i}\n`).join("");
  const { code, stdout, stderr } = await umiak(["run", "-i", CAT], {
    stdin: text,
  });
  assert.equal(code, 0, stderr);
  assert.ok(stdout === text, `${stdout.length} of ${text.length} characters`);
});
