/** Random scripts of socket calls, on this kernel and on the host's Linux, step by step. UMIAK_FUZZ=N plays N times as many. @module */
import assert from "node:assert/strict";
import { ERRNO } from "../../../../fs/abi/errno.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_PEEK,
  MSG_TRUNC,
  SO,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../abi/linux/socket.ts";
import { here } from "./here.ts";
import { linux, reasonAgainstLinux } from "./linux.ts";
import type { ScriptAddress, ScriptSockets } from "./sockets.ts";
import { random } from "../../../../tests/support/random.ts";

const LO = "127.0.0.1";
/** A port that nobody listens at, and that needs no privilege. */
const NOBODY = 64_999;
/** The loopback address of a family. */
const loopback = (family: number): string => family === AF_INET6 ? "::1" : LO;
const SCRIPTS = 60 * Number(Deno.env.get("UMIAK_FUZZ") ?? 1), STEPS = 50, SLOTS = 4;

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [-number, name]));
const named = (result: unknown): string =>
  typeof result === "number" && result < 0 ? NAMES.get(result) ?? String(result) : JSON.stringify(result);

/** One step: what it is called, and how it is done with the sockets that are open. */
interface Step {
  readonly what: string;
  readonly run: (s: ScriptSockets, fds: (number | undefined)[]) => unknown;
}

/** Ports that are shared or not, and who hears a datagram then: UDP only, as TCP's ports are kept by connections that have ended. */
function udpStepOf(pick: (below: number) => number): Step {
  const a = pick(SLOTS), b = pick(SLOTS), kind = pick(8);
  const name = (s: ScriptSockets, fds: readonly (number | undefined)[], slot: number): ScriptAddress => {
    const own = s.getsockname(fds[slot]!);
    return [LO, Array.isArray(own) && own[1] > 0 ? own[1] as number : NOBODY];
  };
  switch (kind) {
    case 0:
    case 1: {
      // Not SO_REUSEPORT: which of a group hears a datagram is a secret of the host.
      const option = SO.REUSEADDR, value = pick(3) > 0 ? 1 : 0;
      return {
        what: `option ${option} of ${a}: ${value}`,
        run: (s, fds) => s.setsockopt(fds[a]!, SOL_SOCKET, option, value),
      };
    }
    case 2:
    case 3: {
      const ip = [LO, LO, "0.0.0.0", "127.0.0.2"][pick(4)]!, shared = pick(3) > 0;
      return {
        what: `bind ${a} to ${ip}${shared ? ` and the port of ${b}` : ""}`,
        run: (s, fds) => s.bind(fds[a]!, [ip, shared && a !== b ? name(s, fds, b)[1] as number : 0]),
      };
    }
    case 4:
      return {
        what: `close ${a}`,
        run(s, fds) {
          s.close(fds[a]!);
          fds[a] = s.socket(AF_INET, SOCK_DGRAM);
          return true;
        },
      };
    case 5:
      if (pick(4) === 0) return { what: `disconnect ${a}`, run: (s, fds) => s.connect(fds[a]!, null) };
      return { what: `connect ${a} to ${b}`, run: (s, fds) => s.connect(fds[a]!, name(s, fds, b)) };
    case 6:
      return { what: `send ${a} to ${b}`, run: (s, fds) => s.send(fds[a]!, "datagram", 0, name(s, fds, b)) };
    default:
      return { what: `recv ${a}`, run: (s, fds) => s.recv(fds[a]!, 20) };
  }
}

function stepOf(family: number, pick: (below: number) => number, tag: string): Step {
  const a = pick(SLOTS), b = pick(SLOTS), kind = pick(16);
  const nameOf = (s: ScriptSockets, fds: (number | undefined)[], slot: number): ScriptAddress => {
    if (family === AF_UNIX) return `${tag}-${slot}`;
    const fd = fds[slot];
    const name = fd === undefined ? -1 : s.getsockname(fd);
    return Array.isArray(name) && name[1] > 0
      ? [loopback(family), name[1] as number]
      : [loopback(family), NOBODY];
  };
  const on = (
    what: string,
    f: (s: ScriptSockets, fd: number, fds: (number | undefined)[]) => unknown,
  ): Step => ({
    what: `${what}(${a})`,
    run(s, fds) {
      const fd = fds[a];
      return fd === undefined ? "closed" : f(s, fd, fds);
    },
  });
  switch (kind) {
    case 0: {
      const types = family === AF_UNIX
        ? [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]
        : [SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM];
      const type = types[pick(3)]!;
      return {
        what: `socket(${a}, ${type})`,
        run(s, fds) {
          if (fds[a] !== undefined) s.close(fds[a]!);
          fds[a] = s.socket(family, type);
          return fds[a]! >= 0;
        },
      };
    }
    case 1:
    case 2:
      return on(
        "bind",
        (s, fd, fds) => s.bind(fd, family === AF_UNIX ? nameOf(s, fds, a) : [loopback(family), 0]),
      );
    case 3: {
      const backlog = 50 + pick(3); // a full queue is tried again by Linux after a second: not in a script
      return on(`listen ${backlog}`, (s, fd) => s.listen(fd, backlog));
    }
    case 4:
    case 5:
    case 6:
      // What a connection with itself does when it ends is a matter of its segments' order.
      return on(`connect to ${b}`, (s, fd, fds) => a === b ? "itself" : s.connect(fd, nameOf(s, fds, b)));
    case 7:
      return {
        what: `accept(${a}) as ${b}`,
        run(s, fds) {
          if (fds[a] === undefined || a === b) return "closed";
          const fd = s.accept(fds[a]!);
          if (fd < 0) return fd;
          if (fds[b] !== undefined) s.close(fds[b]!);
          fds[b] = fd;
          return true;
        },
      };
    case 8:
    case 9: {
      const text = "abcdefgh".slice(0, pick(9));
      return on(`send ${text.length}`, (s, fd) => s.send(fd, text));
    }
    case 10:
    case 11: {
      const length = pick(10), flags = [0, 0, MSG_PEEK, MSG_PEEK | MSG_TRUNC][pick(4)]!;
      return on(`recv ${length} ${flags}`, (s, fd) => s.recv(fd, length, flags));
    }
    case 12: {
      const how = pick(3);
      return on(`shutdown ${how}`, (s, fd) => s.shutdown(fd, how));
    }
    case 13:
      return {
        what: `close(${a})`,
        run(s, fds) {
          if (fds[a] === undefined) return "closed";
          const result = s.close(fds[a]!);
          fds[a] = undefined;
          return result;
        },
      };
    case 14:
      return on("error", (s, fd) => s.getsockopt(fd, SOL_SOCKET, SO.ERROR));
    default:
      return on("peer", (s, fd) => {
        const name = s.getpeername(fd);
        return typeof name === "number" ? name : "named";
      });
  }
}

/** Plays a script; every step with its result, and what poll says afterwards of all sockets. */
function play(family: number, type: number, steps: readonly Step[], s: ScriptSockets): string[] {
  const fds: (number | undefined)[] = [];
  for (let i = 0; i < SLOTS; i++) fds.push(s.socket(family, type));
  return steps.map(({ what, run }) => {
    const result = named(run(s, fds));
    const polls = fds.map((fd) => fd === undefined ? "-" : s.poll(fd).toString(16)).join(" ");
    return `${what}: ${result} [${polls}]`;
  });
}

const KINDS = [
  ["IPv4", AF_INET, SOCK_STREAM],
  ["IPv6", AF_INET6, SOCK_STREAM],
  ["unix", AF_UNIX, SOCK_STREAM],
  ["UDP", AF_INET, SOCK_DGRAM],
] as const;

for (const [name, family, type] of KINDS) {
  const reason = reasonAgainstLinux(family === AF_INET6);
  if (reason !== undefined) console.log(`skipped: random scripts of ${name} sockets: ${reason}`);
  Deno.test({
    name: `random scripts of ${name} sockets give what Linux gives`,
    ignore: reason !== undefined,
    fn() {
      for (let seed = 1; seed <= SCRIPTS; seed++) {
        const pick = random(seed * 7919 + family), tag = `@umiak-fuzz-${crypto.randomUUID()}`;
        const steps = Array.from(
          { length: STEPS },
          () => type === SOCK_DGRAM ? udpStepOf(pick) : stepOf(family, pick, tag),
        );
        const mine = play(family, type, steps, here().sockets);
        let theirs: string[] = [];
        for (let i = 0; i < 4; i++) { // a busy host may deliver what was sent a moment after the call
          const host = linux();
          try {
            theirs = play(family, type, steps, host.sockets);
          } finally {
            host.close();
          }
          if (mine.join() === theirs.join()) break;
        }
        const at = mine.findIndex((line, i) => line !== theirs[i]);
        if (at < 0) continue;
        const before = mine.slice(Math.max(0, at - 25), at).join("\n");
        assert.fail(`seed ${seed}, step ${at}:\n${before}\nhere:  ${mine[at]}\nLinux: ${theirs[at]}`);
      }
    },
  });
}
