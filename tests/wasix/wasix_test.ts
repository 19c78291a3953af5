import assert from "node:assert/strict";
import { repositoryFile, withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { GuestKernel } from "../support/guests.ts";

const module = (name: string): Promise<Uint8Array> =>
  Deno.readFile(repositoryFile(`tests/wasix/${name}.wasm`));

/** Runs a driver: it names each check that fails. What it says at its end. */
async function drive(name: string, interruptible = false, bytes?: Uint8Array): Promise<string> {
  await using guests = new GuestKernel({
    files: { [`/${name}`]: bytes ?? await module(name) },
    interruptible,
  });
  const { status, stdout, stderr } = await guests.run([`/${name}`]);
  assert.deepEqual([stderr, guests.traps], ["", []]);
  assert.match(stdout, /^\d+ checks, 0 failures\n$/);
  assert.equal(status, 0);
  return stdout;
}

const DRIVERS: Readonly<Record<string, string>> = {
  processes: "fork, vfork, wait, exec, spawn, pipes, signals",
  stacks: "setjmp and longjmp, across forks and out of handlers",
  sockets: "addresses, connections between processes, messages, options, names",
  calls: "directory, events, epoll, threads, what is not there, wrong pointers",
};

for (const [name, what] of Object.entries(DRIVERS)) {
  Deno.test(`${name}: ${what}`, async () => void await drive(name));
  Deno.test(`${name}, interruptible: the same`, async () => void await drive(name, true));
}

for (const interruptible of [false, true]) {
  Deno.test(`a program of 2023 with a shared memory${interruptible ? ", interruptible" : ""}`, async () => {
    const files = { "/program": await module("generation2023") };
    await using guests = new GuestKernel({ files, interruptible });
    assert.deepEqual(await guests.run(["/program"]), { status: 0, stdout: "", stderr: "" });
  });
}

testWhen(
  { tools: ["sh", "clang", "wasm-ld", "wasm-opt"] },
  "the modules kept here are what their sources make: as many checks, none failing",
  () =>
    withDirectory(async (directory) => {
      const script = repositoryFile("tests/wasix/build.sh");
      const { success, stderr } = await new Deno.Command("sh", { args: [script, directory] }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      for (const name of Object.keys(DRIVERS)) {
        assert.equal(
          await drive(name, false, await Deno.readFile(`${directory}/${name}.wasm`)),
          await drive(name),
        );
      }
    }),
);
