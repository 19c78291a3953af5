import assert from "node:assert/strict";
import { EAGAIN, EBADF } from "../../../fs/abi/errno.ts";
import { SYSCALL_NUMBERS } from "../../abi/linux/syscall_numbers.ts";
import { compileTable } from "../table/compile_table.ts";
import { Memory, simulate } from "../table/testing/simulate.ts";
import { handOutListener } from "./listener.ts";
import { parseMessage, SAYS } from "./message.ts";
import { FATAL_STEPS, reportTo } from "./protocol.ts";

const NAMES = new Map<number, string>(Object.entries(SYSCALL_NUMBERS).map(([name, [x86]]) => [x86, name]));
const SOCKET = 30, REPORT = 20, PIDFD = 5, LISTENER = 6, SELF = 77, F_GETFD = 1n;

/** Runs the steps as the process that made the helper, or as the helper. The listener is there after `looks` looks. */
function run(as: "maker" | "helper", { looks = 0, maker = SELF, sendmsg = 0 } = {}) {
  const steps = [reportTo(REPORT), ...handOutListener(SOCKET, REPORT), { op: "RET", args: [7] } as const];
  const table = compileTable(steps, FATAL_STEPS, "x86_64");
  const memory = new Memory(table, 0x410000n, 0x800000n);
  const calls: string[] = [], said: ReturnType<typeof parseMessage>[] = [], sent: number[] = [];
  let free = PIDFD, seen = 0;
  const result = simulate(memory, (nr, args) => {
    const name = NAMES.get(nr)!;
    calls.push(name);
    if (name === "exit_group") return "end";
    if (name === "getpid") return SELF;
    if (name === "getppid") return maker;
    if (name === "fcntl" && args[1] === F_GETFD) {
      assert.equal(args[0], BigInt(LISTENER));
      return seen++ < looks ? -EBADF : 0;
    }
    if (name === "fcntl") return free++; // the smallest that are free, one after the other
    if (name === "clone3") return as === "helper" ? 0 : 99;
    if (name === "sendmsg") {
      const control = memory.load(args[1]! + 32n, 8);
      sent.push(...[16n, 20n].map((at) => Number(memory.load(control + at, 4))));
      return sendmsg;
    }
    if (name === "write") {
      const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number(memory.load(args[1]! + BigInt(i), 1)));
      said.push(parseMessage(bytes));
    }
    return 0;
  });
  return { calls, said, sent, result };
}

Deno.test("handOutListener(): who is to be filtered makes a helper that needs not be waited for, and goes on", () => {
  const { calls, result } = run("maker");
  assert.deepEqual(calls, ["getpid", "rt_sigaction", "fcntl", "fcntl", "close", "close", "clone3"]);
  assert.equal(result, 7n);
});

Deno.test("handOutListener(): the helper sends the listener as soon as it is there, with its own pidfd, and says so", () => {
  const { calls, said, sent } = run("helper", { looks: 2 });
  assert.deepEqual(sent, [LISTENER, PIDFD]);
  assert.deepEqual(calls.slice(7), [
    ...["fcntl", "getppid", "ppoll", "fcntl", "getppid", "ppoll", "fcntl"],
    ...["sendmsg", "close", "close", "close", "write", "exit_group"],
  ]);
  assert.deepEqual(said, [{ says: SAYS.listener, number: 0 }]);
});

Deno.test("handOutListener(): the helper ends with who was to be filtered, and says what it cannot send", () => {
  const { calls, said } = run("helper", { looks: 1000, maker: 1 });
  assert.deepEqual([calls.slice(7), said], [["fcntl", "getppid", "exit_group"], []]);
  const failed = run("helper", { sendmsg: -EAGAIN }).said[0]!;
  assert.ok("failed" in failed && failed.failed === EAGAIN);
});
