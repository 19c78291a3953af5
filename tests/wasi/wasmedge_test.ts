/** Programs with WasmEdge's sockets: between themselves, and to and from the host as far as options let them. @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { freePort } from "../support/ports.ts";
import { repositoryFile, umiak, umiakArgs, withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";

const MODULE = repositoryFile("tests/wasi/wasmedge.wasm");
const LO = "127.0.0.1";

Deno.test("WasmEdge's sockets inside of a container: TCP, UDP, unix, options, names, hostile arguments", async () => {
  const { code, stdout, stderr } = await umiak(["run", "--tmpfs", "/tmp", MODULE]);
  assert.deepEqual([code, stdout, stderr], [0, "365 checks, 0 failures\n", ""]);
});

/** Runs a server until it has said that it listens, then `use`; what it printed afterwards, and its exit code. */
async function withServer(
  options: readonly string[],
  args: readonly string[],
  use: () => Promise<void>,
  module = MODULE,
): Promise<{ code: number; stdout: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: umiakArgs(["run", ...options, module, ...args]),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("listening\n")) {
    const { value, done } = await reader.read();
    assert.equal(done, false, text);
    text += value;
  }
  await use();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  const { code } = await child.status;
  return { code, stdout: text.replace("listening\n", "") };
}

/** Sends bytes, and reads until the other end closes. */
async function exchange(port: number, bytes: Uint8Array): Promise<Uint8Array> {
  const conn = await Deno.connect({ hostname: LO, port });
  const sending = (async () => {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    await conn.closeWrite();
  })();
  const answer = new Uint8Array(await new Response(conn.readable).arrayBuffer());
  await sending;
  return answer;
}

const PAYLOAD = new Uint8Array(1_000_000).map((_, i) => i * 13);

Deno.test("--publish leads a port of the host to a server in the container", async () => {
  const port = freePort();
  const { code, stdout } = await withServer(["-p", `${LO}:${port}:8080`], ["serve", "8080"], async () => {
    assert.equal(Buffer.compare(await exchange(port, PAYLOAD), PAYLOAD), 0);
  });
  assert.match(stdout, /, 0 failures\n$/);
  assert.equal(code, 0);
});

Deno.test("--network host: a server in the container has the host's port", async () => {
  const port = freePort();
  const { code } = await withServer(["--network", "host"], ["serve", String(port)], async () => {
    assert.equal(Buffer.compare(await exchange(port, PAYLOAD), PAYLOAD), 0);
  });
  assert.equal(code, 0);
});

Deno.test("--publish of a UDP port", async () => {
  const port = freePort();
  const { code } = await withServer(["-p", `${LO}:${port}:5353/udp`], ["udp", "5353"], async () => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
    await socket.send(new TextEncoder().encode("ping"), { transport: "udp", hostname: LO, port });
    const [data] = await socket.receive();
    assert.equal(new TextDecoder().decode(data), "ping");
    socket.close();
  });
  assert.equal(code, 0);
});

Deno.test("--listen starts a program with a listening socket, as wasmtime's --tcplisten does", async () => {
  const port = freePort(), module = repositoryFile("tests/wasi/listening.wasm");
  for (const network of [[], ["--network", "pod"], ["--network", "host"]]) {
    const { code, stdout } = await withServer([...network, "--listen", `${LO}:${port}`], [], async () => {
      assert.equal(Buffer.compare(await exchange(port, PAYLOAD), PAYLOAD), 0);
    }, module);
    assert.match(stdout, /, 0 failures\n$/);
    assert.equal(code, 0);
  }
  const taken = Deno.listen({ hostname: LO, port });
  const { code, stderr } = await umiak(["run", "--listen", String(port), module]);
  assert.match(stderr, new RegExp(`listening on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
  assert.equal(code, 125);
  taken.close();
});

/** A server of the host that answers one connection. */
async function withHost(use: (port: number) => Promise<void>): Promise<void> {
  const echo = Deno.listen({ hostname: LO, port: 0 });
  const done = (async () => {
    for await (const conn of echo) {
      const buffer = new Uint8Array(100);
      const n = await conn.read(buffer) ?? 0;
      await conn.write(
        new TextEncoder().encode(`answer to ${new TextDecoder().decode(buffer.subarray(0, n))}`),
      );
      conn.close();
    }
  })();
  try {
    await use((echo.addr as Deno.NetAddr).port);
  } finally {
    echo.close();
    await done.catch(() => {});
  }
}

Deno.test("a program reaches the host only where a rule says so, and every decision is written", () =>
  withHost((port) =>
    withDirectory(async (directory) => {
      const fetch = (...options: string[]): ReturnType<typeof umiak> =>
        umiak(["run", ...options, MODULE, "fetch", LO, String(port)]);
      const none = await fetch();
      assert.deepEqual([none.code, none.stdout], [1, "connect: 14\n"]); // its own loopback interface: nobody listens there
      const denied = await fetch("--network", "host");
      assert.deepEqual([denied.code, denied.stdout], [1, "connect: 63\n"]);
      assert.match(denied.stderr, new RegExp(`^umiak: egress deny tcp ${LO}:${port}: not a public address`));
      const log = `${directory}/egress.log`;
      const options = ["--network", "host", "--egress-log", log];
      const allowed = await fetch(...options, "--egress", `allow=${LO}:${port}`);
      assert.deepEqual([allowed.code, allowed.stdout, allowed.stderr], [0, "answer to question\n", ""]);
      const refused = await fetch(...options, "--egress", `deny=${LO}`, "--egress", "allow=*");
      assert.equal(refused.stdout, "connect: 63\n");
      const lines = (await Deno.readTextFile(log)).trim().split("\n").map((line) =>
        line.replace(/^\S+ /, "")
      );
      assert.deepEqual(lines, [
        `egress allow tcp ${LO}:${port}: allow=${LO}:${port}`,
        `egress deny tcp ${LO}:${port}: deny=${LO}`,
      ]);
    })
  ));

Deno.test("names: the container's own, and none that the policy does not let be asked", async () => {
  const resolve = (name: string, ...options: string[]): ReturnType<typeof umiak> =>
    umiak(["run", ...options, MODULE, "resolve", name]);
  assert.equal((await resolve("localhost")).stdout, "127.0.0.1\n");
  assert.equal((await resolve("box", "-h", "box")).stdout, "127.0.0.1\n");
  assert.equal((await resolve("box", "-h", "box", "--network", "pod")).stdout, "10.88.0.2\n");
  assert.equal((await resolve("example.com")).stdout, "84\n"); // EAI_NONAME: there is nobody to ask
  const denied = await resolve("example.com", "--network", "pod", "--egress", "deny=*");
  assert.equal(denied.stdout, "80\n");
  assert.match(denied.stderr, /egress deny name example\.com: deny=\*/);
});

Deno.test("options about the network that make no sense are said", async () => {
  const wrong = async (...options: string[]): Promise<string> => {
    const { code, stderr } = await umiak(["run", ...options, MODULE]);
    assert.equal(code, 125, stderr);
    return stderr;
  };
  assert.match(await wrong("--network", "host", "-p", "80:80"), /--publish with --network host/);
  assert.match(await wrong("--egress", "allow=*"), /without --network pod or host/);
  assert.match(await wrong("--network", "pod", "--egress", "nonsense"), /expected allow=HOST/);
  assert.match(await wrong("-p", "80"), /expected \[IP:\]HOST:CONTAINER/);
  const taken = Deno.listen({ hostname: LO, port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assert.match(
    await wrong("-p", `${LO}:${port}:80`),
    /publishing tcp port 80 on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
  );
  taken.close();
});

testWhen(
  { tools: ["clang", "wasm-ld"] },
  "the module kept here is what its source makes",
  () =>
    withDirectory(async (directory) => {
      const fresh = `${directory}/wasmedge.wasm`;
      const { success, stderr } = await new Deno.Command("clang", {
        args: ["--target=wasm32-wasi", "-Os", "-s", "-Wall", "-Werror", "-o", fresh, "wasmedge.c"],
        cwd: repositoryFile("tests/wasi"),
      }).output();
      const message = new TextDecoder().decode(stderr);
      if (!success && /wasi|stdio\.h|libclang_rt/.test(message)) {
        return console.log("skipped: needs wasi-libc");
      }
      assert.ok(success, message);
      // Another compiler makes other bytes: then what they do decides.
      if (Buffer.compare(await Deno.readFile(fresh), await Deno.readFile(MODULE)) === 0) return;
      const { stdout } = await umiak(["run", "--tmpfs", "/tmp", fresh]);
      assert.equal(stdout, "365 checks, 0 failures\n");
    }),
);
