/**
 * The drivers of this folder: every function of preview1 from inside a guest, on the overlay root, on a tmpfs and on a directory of the
 * host. Their modules are kept beside their sources; where clang is there, what the sources make now must do the same.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { repositoryFile, umiak, umiakArgs, withDirectory } from "../support/umiak.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";

const HERE = "tests/wasi";
const PATH = { os: ["linux", "darwin"] } as const;
const ENVIRONMENT = ["-e", "A=1", "-e", "B=two=2"];

/** Runs a driver: it names each check that fails. What it says at its end. */
async function drive(
  module: string,
  options: readonly string[],
  args: readonly string[],
  stdin = "",
): Promise<string> {
  const { code, stdout, stderr } = await umiak(["run", ...ENVIRONMENT, ...options, module, ...args], {
    stdin,
  });
  assert.match(stdout, /^\d+ checks, 0 failures\n$/, stderr);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout;
}

/** Drivers that work in any writable directory, and what each is about. */
const DRIVERS: Readonly<Record<string, string>> = {
  functions: "arguments, clocks, reading, writing, sizes, flags, rights, times",
  paths: "links, trailing slashes, creating, removing, and staying below a descriptor",
  renames: "rename, link, files without a name",
  directories: "fd_readdir while entries change, truncated buffers, deep trees",
  descriptors: "preopens, fd_renumber, 20,000 opens",
  hostile: "pointers, lengths and numbers that are wrong",
  unstable: "wasi_unstable: whence, filestat and subscription",
};

for (const [name, what] of Object.entries(DRIVERS)) {
  const module = repositoryFile(`${HERE}/${name}.wasm`);
  Deno.test(`${name} on the overlay root: ${what}`, async () => void await drive(module, [], ["/", "t wo"]));
  Deno.test(
    `${name} on a tmpfs: ${what}`,
    async () => void await drive(module, ["--tmpfs", "/t"], ["/t", "t wo"]),
  );
  testWhen(
    PATH,
    `${name} in a directory of the host: ${what}`,
    () =>
      withDirectory(async (directory) => {
        await drive(module, ["-v", `${directory}:/host`], ["/host", "t wo"]);
      }),
  );
}

Deno.test("poll_oneoff: clocks, files, thousands of subscriptions, and an empty standard input", async () => {
  await drive(repositoryFile(`${HERE}/polling.wasm`), [], ["/", "none"]);
});

Deno.test("poll_oneoff: standard input with bytes, then at its end", async () => {
  await drive(repositoryFile(`${HERE}/polling.wasm`), ["-i"], ["/", "bytes"], "xy");
});

Deno.test("poll_oneoff: a standard input that stays silent is not ready, and O_NONBLOCK reads of it are EAGAIN", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: umiakArgs(["run", "-i", repositoryFile(`${HERE}/polling.wasm`), "/", "open"]),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { code, stdout } = await child.output(); // while its input is open
  await child.stdin.close();
  assert.match(new TextDecoder().decode(stdout), /^\d+ checks, 0 failures\n$/);
  assert.equal(code, 0);
});

/** A module whose start function, or whose `_start`, never ends; assembled by hand. */
function endless(atStart: boolean): Uint8Array {
  const body = [0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b]; // loop: br 0
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0], // () -> ()
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 1], // a memory of one page
    ...[
      7,
      19,
      2,
      6,
      ...new TextEncoder().encode("memory"),
      2,
      0,
      6,
      ...new TextEncoder().encode("_start"),
      0,
      0,
    ],
    ...(atStart ? [8, 1, 0] : []),
    ...[10, body.length + 2, 1, body.length, ...body],
  ]);
}

testWhen(PATH, "a program that never ends, even as it is loaded, is ended from outside", async () => {
  await withDirectory(async (directory) => {
    for (const atStart of [true, false]) {
      const module = `${directory}/endless.wasm`;
      await Deno.writeFile(module, endless(atStart));
      const { code } = await umiak(["run", "--timeout", "300ms", module]);
      assert.equal(code, 137, `atStart: ${atStart}`);
    }
  });
});

testWhen({ os: ["linux"] }, "output that nobody takes is not kept: the program waits", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: umiakArgs(["run", repositoryFile("tests/guests/probe.wasm"), "flood", "4000000000"]),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader({ mode: "byob" });
  await reader.read(new Uint8Array(1));
  const field = async (name: string): Promise<number> =>
    Number(
      new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(await Deno.readTextFile(`/proc/${child.pid}/status`))?.[1],
    );
  // It has come to rest when its time on a processor no longer grows.
  for (let before = -1, now = 0; now !== before;) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
    now = Number((await Deno.readTextFile(`/proc/${child.pid}/schedstat`)).split(" ")[0]);
  }
  const peak = await field("VmHWM");
  child.kill("SIGKILL");
  await reader.cancel();
  await child.status;
  assert.ok(peak > 0 && peak < 200 * 1024, `${peak} kB at most`);
});

/** The two directories that mounts.c expects, the first of them the host's and read-only. */
async function withMounts(run: (options: readonly string[]) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/dir/empty`, { recursive: true });
    await Deno.writeTextFile(`${directory}/file`, "content");
    await Deno.writeTextFile(`${directory}/dir/inner`, "i");
    await run(["-v", `${directory}:/ro:ro`, "--tmpfs", "/rw"]);
    assert.deepEqual(Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort(), ["dir", "file"]);
    assert.equal(await Deno.readTextFile(`${directory}/file`), "content");
  });
}

Deno.test("what is read-only stays so through O_TRUNC, links, hard links and renames", async () => {
  await withMounts(async (options) => void await drive(repositoryFile(`${HERE}/mounts.wasm`), options, []));
});

const SMALL = ["--tmpfs", "/small:size=1m", "--tmpfs", "/few:nr_inodes=100"];

Deno.test("vectors over 4 GB, memory that grows between calls, filesystems that are full", async () => {
  await drive(repositoryFile(`${HERE}/exhaust.wasm`), SMALL, []);
});

const COMPILER = { tools: ["clang", "wasm-ld"] } as const;

/** Why nothing can be compiled: clang alone has no C library for WASI. */
async function noLibrary(): Promise<string | undefined> {
  if (reasonAgainst(COMPILER) !== undefined) return undefined; // said already
  const args = [
    "--target=wasm32-wasi",
    "-x",
    "c",
    "-",
    "-o",
    Deno.build.os === "windows" ? "NUL" : "/dev/null",
  ];
  const child = new Deno.Command("clang", { args, stdin: "piped", stdout: "null", stderr: "null" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode('#include <stdio.h>\nint main(void) { return puts(""); }\n'));
  await writer.close();
  return (await child.status).success ? undefined : "needs wasi-libc";
}

testWhen(
  { ...COMPILER, missing: await noLibrary() },
  "the modules kept here are what their sources make: as many checks, none failing",
  () =>
    withDirectory(async (directory) => {
      const runs: [string, readonly string[], readonly string[]][] = [
        ...Object.keys(DRIVERS).map((name) => [name, [], ["/", "t wo"]] as [string, string[], string[]]),
        ["polling", [], ["/", "none"]],
        ["exhaust", SMALL, []],
      ];
      await withMounts(async (mounts) => {
        for (const [name, options, args] of [...runs, ["mounts", mounts, []] as (typeof runs)[number]]) {
          const fresh = `${directory}/${name}.wasm`;
          const { success, stderr } = await new Deno.Command("clang", {
            args: ["--target=wasm32-wasi", "-Os", "-s", "-Wall", "-Werror", "-o", fresh, `${name}.c`],
            cwd: repositoryFile(HERE),
          }).output();
          assert.ok(success, new TextDecoder().decode(stderr));
          const kept = repositoryFile(`${HERE}/${name}.wasm`);
          // Another compiler makes other bytes: then what they do decides.
          if (Buffer.compare(await Deno.readFile(fresh), await Deno.readFile(kept)) === 0) continue;
          assert.equal(await drive(fresh, options, args), await drive(kept, options, args), name);
        }
      });
    }),
);
