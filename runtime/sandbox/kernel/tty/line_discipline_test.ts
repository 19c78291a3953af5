/** The rules of termios(3), one by one. That they are Linux's is tests/tty's business. @module */
import assert from "node:assert/strict";
import { O_NONBLOCK, O_RDWR } from "../../../../fs/abi/open.ts";
import { TmpfsSuper } from "../../../../fs/tmpfs/mod.ts";
import * as T from "../../../abi/linux/termios.ts";
import { MasterFile, SlaveFile } from "./pty_files.ts";
import { Tty } from "./tty.ts";

interface Change {
  readonly on?: Partial<Record<"iflag" | "oflag" | "lflag", number>>;
  readonly off?: Partial<Record<"iflag" | "oflag" | "lflag", number>>;
  readonly cc?: Readonly<Record<number, number>>;
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const shown = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** A terminal with attributes that differ from the usual ones. */
class Screen {
  readonly tty = new Tty();
  readonly #inode = new TmpfsSuper().root;
  readonly master = new MasterFile(this.#inode, O_RDWR | O_NONBLOCK, this.tty);
  readonly slave = new SlaveFile(this.#inode, O_RDWR | O_NONBLOCK, this.tty);

  constructor(change: Change = {}) {
    this.set(change);
  }
  set({ on = {}, off = {}, cc = {} }: Change): void {
    const { termios } = this.tty.discipline;
    const flags = (name: "iflag" | "oflag" | "lflag"): number =>
      (termios[name] | (on[name] ?? 0)) & ~(off[name] ?? 0);
    const chars = termios.cc.map((c, i) => cc[i] ?? c);
    this.tty.setTermios({
      ...termios,
      iflag: flags("iflag"),
      oflag: flags("oflag"),
      lflag: flags("lflag"),
      cc: chars,
    });
  }
  /** Types; what is echoed. */
  type(keys: string | Uint8Array): string {
    const bytes = typeof keys === "string" ? latin1(keys) : keys;
    assert.equal(this.master.write(bytes, 0, bytes.length), bytes.length);
    return this.screen();
  }
  /** What has come out since the last time. */
  screen(): string {
    const into = new Uint8Array(16384);
    const n = this.master.read(into, 0, into.length);
    return n < 0 ? "" : shown(into.subarray(0, n));
  }
  print(text: string): string {
    const bytes = latin1(text);
    this.slave.write(bytes, 0, bytes.length);
    return this.screen();
  }
  /** What a program reads; undefined if it would wait. */
  read(length = 8192): string | undefined {
    const into = new Uint8Array(length);
    const n = this.slave.read(into, 0, length);
    return n < 0 ? undefined : shown(into.subarray(0, n));
  }
}

/** Attributes, keys, echo, and what reads give. */
type Rule = readonly [
  name: string,
  change: Change,
  keys: string | Uint8Array,
  echo: string,
  ...reads: (string | undefined)[],
];

const RAW: Change = { off: { lflag: T.ICANON | T.ECHO } };

const RULES: readonly Rule[] = [
  ["ICANON: a line can be read when it is whole", {}, "ab", "ab", undefined],
  ["ICANON: a read gives one line", {}, "ab\ncd\n", "ab\r\ncd\r\n", "ab\n", "cd\n", undefined],
  ["!ICANON: bytes can be read at once", { off: { lflag: T.ICANON } }, "ab", "ab", "ab", undefined],
  ["ECHO off: nothing is echoed", { off: { lflag: T.ECHO } }, "ab\n", "", "ab\n"],
  [
    "ECHONL: newline is, even then",
    { off: { lflag: T.ECHO }, on: { lflag: T.ECHONL } },
    "ab\n",
    "\r\n",
    "ab\n",
  ],
  ["ECHOE: ERASE wipes the last character", {}, "abc\x7f\n", "abc\b \b\r\n", "ab\n"],
  ["ECHOE off: ERASE is echoed", { off: { lflag: T.ECHOE } }, "ab\x7f\n", "ab^?\r\n", "a\n"],
  ["ERASE does not go beyond the line", {}, "\x7fa\n", "a\r\n", "a\n"],
  [
    "IUTF8: ERASE takes a whole character",
    { on: { iflag: T.IUTF8 } },
    utf8("aé\x7f\n"),
    shown(utf8("aé\b \b\r\n")),
    "a\n",
  ],
  ["IUTF8 off: ERASE takes a byte", {}, utf8("é\x7f\n"), shown(utf8("é\b \b\r\n")), "\xc3\n"],
  ["ERASE of a control character wipes two columns", {}, "\x01\x7f\n", "^A\b \b\b \b\r\n", "\n"],
  ["ERASE of a tab goes back to where it began", {}, "ab\t\x7f\n", "ab\t\b\b\b\b\b\b\r\n", "ab\n"],
  [
    "WERASE takes a word and what follows it",
    {},
    "one two. \x17\n",
    `one two. ${"\b \b".repeat(5)}\r\n`,
    "one \n",
  ],
  ["KILL with ECHOKE wipes the line", {}, "abc\x15x\n", "abc\b \b\b \b\b \bx\r\n", "x\n"],
  [
    "KILL with ECHOK alone begins a new line",
    { off: { lflag: T.ECHOKE } },
    "abc\x15x\n",
    "abc^U\r\nx\r\n",
    "x\n",
  ],
  ["KILL without either is echoed", { off: { lflag: T.ECHOKE | T.ECHOK } }, "ab\x15x\n", "ab^Ux\r\n", "x\n"],
  ["ECHOPRT prints what is erased", { on: { lflag: T.ECHOPRT } }, "abc\x7f\x7fx\n", "abc\\cb/x\r\n", "ax\n"],
  ["REPRINT shows the line again", {}, "ab\x12c\n", "ab^R\r\nabc\r\n", "abc\n"],
  ["LNEXT takes the next key as it is", {}, "a\x16\x03\x16\x7f\n", "a^\b^C^\b^?\r\n", "a\x03\x7f\n"],
  [
    "IEXTEN off: no LNEXT, WERASE, REPRINT",
    { off: { lflag: T.IEXTEN } },
    "a\x16\x17\x12\n",
    "a^V^W^R\r\n",
    "a\x16\x17\x12\n",
  ],
  ["EOF ends a line without a character", {}, "ab\x04", "ab", "ab", undefined],
  ["EOF at the start of a line is an end of file", {}, "\x04", "", "", undefined],
  [
    "EOL and EOL2 end a line and belong to it",
    { cc: { [T.VEOL]: 46, [T.VEOL2]: 33 } },
    "a.b!",
    "a.b!",
    "a.",
    "b!",
  ],
  [
    "ECHOCTL off: control characters are echoed as they are",
    { off: { lflag: T.ECHOCTL } },
    "\x01\n",
    "\x01\r\n",
    "\x01\n",
  ],
  ["ICRNL: carriage return is newline", {}, "a\r", "a\r\n", "a\n"],
  ["ICRNL off: it is itself", { off: { iflag: T.ICRNL } }, "a\r\n", "a^M\r\n", "a\r\n"],
  ["IGNCR: it is nothing", { on: { iflag: T.IGNCR } }, "a\rb\n", "ab\r\n", "ab\n"],
  [
    "INLCR: newline is carriage return",
    { on: { iflag: T.INLCR }, off: { iflag: T.ICRNL } },
    "a\n",
    "a^M",
    undefined,
  ],
  ["ISTRIP: seven bits", { on: { iflag: T.ISTRIP } }, "\xe1\n", "a\r\n", "a\n"],
  ["IUCLC: small letters", { on: { iflag: T.IUCLC } }, "AbC\n", "abc\r\n", "abc\n"],
  ["PARMRK: 0377 is doubled", { on: { iflag: T.PARMRK } }, "\xff\n", "\xff\r\n", "\xff\xff\n"],
  ["IXON: STOP and START are no input", { off: { lflag: T.ECHO } }, "a\x13\x11b\n", "", "ab\n"],
  ["IXON off: they are", { off: { iflag: T.IXON, lflag: T.ECHO } }, "a\x13\x11\n", "", "a\x13\x11\n"],
  ["ISIG: INTR forgets the line", {}, "ab\x03c\n", "^Cc\r\n", "c\n"],
  ["NOFLSH: it does not", { on: { lflag: T.NOFLSH } }, "ab\x03c\n", "ab^Cc\r\n", "abc\n"],
  [
    "ISIG off: INTR, QUIT and SUSP are characters",
    { off: { lflag: T.ISIG } },
    "\x03\x1c\x1a\n",
    "^C^\\^Z\r\n",
    "\x03\x1c\x1a\n",
  ],
  ["a control character that is 0 is off", { cc: { [T.VINTR]: 0 } }, "\x03\0\n", "^C^@\r\n", "\x03\0\n"],
  ["EXTPROC: lines are somebody else's", { on: { lflag: T.EXTPROC } }, "a\x7f", "", "a\x7f"],
];

for (const [name, change, keys, echo, ...reads] of RULES) {
  Deno.test(`termios(3) ${name}`, () => {
    const screen = new Screen(change);
    assert.equal(screen.type(keys), echo);
    for (const expected of reads) assert.equal(screen.read(), expected);
  });
}

const OUTPUT: readonly (readonly [name: string, change: Change, text: string, screen: string])[] = [
  ["ONLCR: newline begins at the left", {}, "a\nb", "a\r\nb"],
  ["OPOST off: output is as it is", { off: { oflag: T.OPOST } }, "a\n", "a\n"],
  ["OCRNL: carriage return is newline", { on: { oflag: T.OCRNL } }, "a\rb", "a\nb"],
  ["ONOCR: none at the left", { on: { oflag: T.ONOCR } }, "\ra\r\rb", "a\rb"],
  [
    "ONLRET: newline is at the left by itself",
    {
      on: { oflag: T.ONLRET | T.ONOCR },
      off: { oflag: T.ONLCR },
    },
    "a\n\rb",
    "a\nb",
  ],
  ["XTABS: tabs are spaces", { on: { oflag: T.XTABS } }, "ab\tc\b\b\tx", "ab      c\b\b x"],
  ["OLCUC: capital letters", { on: { oflag: T.OLCUC } }, "aBc", "ABC"],
];

for (const [name, change, text, expected] of OUTPUT) {
  Deno.test(`termios(3) ${name}`, () => assert.equal(new Screen(change).print(text), expected));
}

Deno.test("termios(3) canonical mode: a line has 4095 characters at most, and its end still comes through", () => {
  const screen = new Screen({ off: { lflag: T.ECHO } });
  for (let i = 0; i < 50; i++) screen.type("x".repeat(100));
  assert.equal(screen.read(), undefined);
  screen.type("\n");
  const line = screen.read()!;
  assert.deepEqual([line.length, line.at(-1)], [4096, "\n"]);
});

Deno.test("termios(3) canonical mode: a read of fewer bytes leaves the rest of the line, and an EOF behind it goes along", () => {
  const screen = new Screen();
  screen.type("abcd\nxy\x04");
  assert.deepEqual([screen.read(3), screen.read(3), screen.read(2), screen.read()], [
    "abc",
    "d\n",
    "xy",
    undefined,
  ]);
});

Deno.test("termios(3) noncanonical mode: VMIN and VTIME", () => {
  const screen = new Screen({ ...RAW, cc: { [T.VMIN]: 0, [T.VTIME]: 0 } });
  assert.equal(screen.read(), "", "MIN 0, TIME 0: whatever there is");
  screen.set({ cc: { [T.VMIN]: 3 } });
  screen.type("ab");
  assert.equal(screen.slave.poll() & 1, 0, "poll waits for MIN");
  screen.type("c");
  assert.equal(screen.slave.poll() & 1, 1);
  assert.equal(screen.read(), "abc");
});

Deno.test("termios(3) IXON: output waits between STOP and START; IXANY: any key is START", () => {
  const screen = new Screen();
  assert.equal(screen.type("\x13"), "");
  assert.equal(screen.print("out"), "");
  assert.equal(screen.slave.poll() & 4, 0);
  assert.equal(screen.type("a"), "", "echo waits, too");
  assert.equal(screen.type("\x11"), "a");
  assert.equal(screen.print("out"), "out");
  screen.set({ on: { iflag: T.IXANY } });
  screen.type("\x13");
  assert.equal(screen.type("b"), "b");
});

Deno.test("tcsetattr(3): what has been typed before ICANON is switched stays", () => {
  const screen = new Screen();
  screen.type("ab");
  screen.set({ off: { lflag: T.ICANON } });
  assert.equal(screen.read(), "ab");
  screen.type("cd");
  screen.set({ on: { lflag: T.ICANON } });
  assert.equal(screen.read(), "cd");
});

Deno.test("pty(7): a master that types more than the terminal takes is told to wait, and nothing is lost", () => {
  const screen = new Screen(RAW);
  let typed = 0;
  for (;;) {
    const n = screen.master.write(latin1("0123456789".repeat(100)), 0, 1000);
    if (n < 0) break;
    typed += n;
  }
  assert.equal(typed, 4095 + 8192);
  let read = "";
  for (let part = screen.read(); part !== undefined; part = screen.read()) read += part;
  assert.equal(read, "0123456789".repeat(1300).slice(0, typed));
});
