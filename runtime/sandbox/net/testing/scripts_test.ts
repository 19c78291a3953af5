/** Scripts of socket calls, on this kernel and on the host's Linux: every result must be the same. @module */
import assert from "node:assert/strict";
import { ERRNO } from "../../../../fs/abi/errno.ts";
import { here } from "./here.ts";
import { linux, reasonAgainstLinux } from "./linux.ts";
import { OPTION_SCRIPTS } from "./scripts/options.ts";
import { TCP_SCRIPTS } from "./scripts/tcp.ts";
import { UDP_SCRIPTS } from "./scripts/udp.ts";
import { UNIX_SCRIPTS } from "./scripts/unix.ts";
import type { ScriptSockets } from "./sockets.ts";

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [-number, name]));

/** A result as it is compared: errnos by name. */
function readable(result: unknown): unknown {
  return typeof result === "number" && result < 0 ? NAMES.get(result) ?? result : result;
}

/** Runs a script; what it noted. */
function play(
  script: (s: ScriptSockets, note: (result: unknown) => void) => void,
  s: ScriptSockets,
): string[] {
  const notes: string[] = [];
  script(s, (result) => notes.push(JSON.stringify(readable(result))));
  return notes;
}

const SCRIPTS = { ...OPTION_SCRIPTS, ...TCP_SCRIPTS, ...UDP_SCRIPTS, ...UNIX_SCRIPTS };
/** Tries on Linux: a busy host may deliver what was sent a moment after the call. */
const TRIES = 5;

for (const [name, script] of Object.entries(SCRIPTS)) {
  const reason = reasonAgainstLinux(name.includes("IPv6"));
  if (reason !== undefined) console.log(`skipped: ${name}: ${reason}`);
  Deno.test({
    name: `sockets as on Linux: ${name}`,
    ignore: reason !== undefined,
    fn() {
      const mine = play(script, here().sockets);
      let theirs: string[] = [];
      for (let i = 0; i < TRIES; i++) {
        const host = linux();
        try {
          theirs = play(script, host.sockets);
        } finally {
          host.close();
        }
        if (JSON.stringify(theirs) === JSON.stringify(mine)) return;
      }
      assert.deepEqual(mine, theirs);
    },
  });
}
