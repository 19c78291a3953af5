import assert from "node:assert/strict";
import { ENOTTY } from "../../../../fs/abi/errno.ts";
import { child } from "../../kernel/testing.ts";
import { terminalSession } from "../../kernel/tty/testing.ts";
import { getTerminalSize, getTerminalState, setTerminalState } from "./terminal.ts";

Deno.test("a terminal's state and size are read and set", () => {
  const { leader, slave } = terminalSession();
  leader.files.install(slave);
  assert.deepEqual(getTerminalState(leader), { echo: true, canonical: true, newlines: true });
  const size = { rows: 30, cols: 100, xpixel: 0, ypixel: 0 };
  assert.equal(setTerminalState(leader, size, { echo: false, canonical: false, newlines: true }), 0);
  assert.deepEqual(getTerminalState(leader), { echo: false, canonical: false, newlines: true });
  assert.deepEqual(getTerminalSize(leader), size);
});

Deno.test("without a terminal there are usual values, and nothing to set", () => {
  const task = child();
  assert.equal(getTerminalSize(task).cols, 80);
  assert.equal(setTerminalState(task, getTerminalSize(task), getTerminalState(task)), -ENOTTY);
});
