/** --pidfd-socket, as runc has it since 1.2: a descriptor of the process for whoever listens, on both kernels. */
import assert from "node:assert/strict";
import { type Bench, withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { NATIVE, nativeBundle } from "./support.ts";

/** Takes descriptors of processes: prints each one's name and number, and kills the last process by it. */
const TAKER = `
import os, re, signal, socket, sys
server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen()
print("ready", flush=True)
for turn in range(int(sys.argv[2])):
    connection, _ = server.accept()
    name, fds, _, _ = socket.recv_fds(connection, 4096, 4)
    info = open("/proc/self/fdinfo/%d" % fds[0]).read()
    print(name.decode(), len(fds), re.search(r"^Pid:\\t(-?\\d+)", info, re.M).group(1), flush=True)
signal.pidfd_send_signal(fds[0], signal.SIGKILL)
`;

/** What is taken while \`use\` runs. */
async function takenOf(path: string, count: number, use: () => Promise<void>): Promise<string[]> {
  const taker = new Deno.Command("python3", {
    args: ["-c", TAKER, path, String(count)],
    ...{ stdin: "null", stdout: "piped", stderr: "inherit" } as const,
  }).spawn();
  let said = "";
  const reader = taker.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const more = async (): Promise<boolean> => {
    const { done, value = "" } = await reader.read();
    said += value;
    return !done;
  };
  try {
    while (!said.includes("ready\n") && await more());
    await use();
    while (await more());
  } finally {
    try {
      taker.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await taker.status;
    while (await more());
  }
  return said.split("\n").slice(1, -1);
}

async function checkSocket(bench: Bench, bundle: string, program: readonly string[]): Promise<void> {
  const socket = `${bench.dir}/pidfds`, execPid = `${bench.dir}/exec-pid`;
  const taken = await takenOf(socket, 2, async () => {
    await bench.ok("create", "-b", bundle, "--pidfd-socket", socket, "c");
    await bench.ok("start", "c");
    await bench.ok(
      ...["exec", "--detach", "--pid-file", execPid, "--pidfd-socket", socket, "c", ...program],
    );
  });
  const { pid } = await bench.state("c");
  assert.deepEqual(taken, [`standard 1 ${pid}`, `setns 1 ${Deno.readTextFileSync(execPid)}`]);
  // Nobody listens any more: there is no process, and of a container nothing.
  const refused = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await bench.call(...words);
    assert.notEqual(code, 0);
    const what =
      /^sending a descriptor of the process to the socket .*\/pidfds: (connecting failed|ECONNREFUSED)$/m;
    assert.match(stderr, what);
  };
  await refused("exec", "--pidfd-socket", socket, "c", ...program);
  await bench.ok("delete", "--force", "c");
  await refused("create", "-b", bundle, "--pidfd-socket", socket, "c");
  assert.equal((await bench.call("state", "c")).code, 1);
}

testWhen(
  { ...NATIVE, tools: ["python3"] },
  "create and exec --pidfd-socket, native: the socket gets a descriptor of the process",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(bench, "b", "exec sleep 1000");
      await checkSocket(bench, bundle, ["sleep", "1000"]);
    }),
);

testWhen(
  { os: ["linux"], tools: ["python3"] },
  "create and exec --pidfd-socket, userland kernel: the socket gets a descriptor of the host's process",
  () =>
    withBench(async (bench) => {
      await checkSocket(bench, bench.bundle("b", ["sleep", "100000000"]), [
        "/probe.wasm",
        "sleep",
        "100000000",
      ]);
    }),
);
