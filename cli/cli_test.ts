/** The command line: grammar, values, help, completion. @module */
import assert from "node:assert/strict";
import { helpText, styleFor } from "./help.ts";
import { editDistance, nearest } from "./nearest.ts";
import { type CommandSpec, findCommand, parseArguments, type Parsed, UsageError } from "./parser.ts";
import { UMIAK } from "./table.ts";
import {
  parseAnnotations,
  parseCpus,
  parseDuration,
  parseEnvFile,
  parseHostname,
  parseName,
  parsePidsLimit,
  parseSize,
} from "./values.ts";
import { runOptions } from "./commands/run.ts";

function parse(...argv: string[]): Parsed {
  const { command, words, rest } = findCommand(UMIAK, argv);
  const parsed = parseArguments(command, words, rest);
  assert.notEqual(parsed, "help");
  return parsed as Parsed;
}

Deno.test("options end at the first positional argument of run", () => {
  const p = parse(
    "run",
    "-it",
    "-e",
    "A=1",
    "--env=B=2",
    "-eC=3",
    "-w/work",
    "--rm",
    "image",
    "-e",
    "not ours",
    "--help",
  );
  assert.deepEqual(p.args, ["image", "-e", "not ours", "--help"]);
  assert.deepEqual(p.values("env"), ["A=1", "B=2", "C=3"]);
  assert.deepEqual([p.has("interactive"), p.has("tty"), p.has("rm"), p.value("workdir")], [
    true,
    true,
    true,
    "/work",
  ]);
});

Deno.test("elsewhere options may follow, and -- ends them", () => {
  const p = parse("image", "inspect", "x", "--platform", "wasi/wasm");
  assert.deepEqual([p.args, p.value("platform")], [["x"], "wasi/wasm"]);
  assert.deepEqual(parse("image", "inspect", "--", "--odd-name").args, ["--odd-name"]);
});

Deno.test("switches take =false; -h is the host name where there is one, help elsewhere", () => {
  assert.equal(parse("run", "--rm=false", "i").has("rm"), false);
  assert.equal(parse("run", "-h", "box", "i").value("hostname"), "box");
  assert.equal(
    parseArguments(UMIAK.commands!.find((c) => c.name === "version")!, "umiak version", ["-h"]),
    "help",
  );
});

Deno.test("mistakes say what was meant", () => {
  const cases: [string[], RegExp][] = [
    [["rnu"], /unknown command "rnu"; did you mean "run"\?/],
    [["image", "ls-file"], /did you mean "ls-files"\?/],
    [["run", "--hostnam", "x", "i"], /unknown option --hostnam; did you mean --hostname\?/],
    [["run", "--zzzzzz", "i"], /unknown option --zzzzzz$/],
    [["run", "-Z", "i"], /unknown option -Z$/],
    [["run"], /missing argument: IMAGE/],
    [["run", "-e"], /option -e needs a value: NAME/],
    [["run", "--rm=maybe", "i"], /option --rm takes no value/],
    [["image", "inspect", "a", "b"], /too many arguments/],
    [["version", "x"], /unexpected argument "x"/],
  ];
  for (const [argv, message] of cases) {
    assert.throws(
      () => parse(...argv),
      (error) => error instanceof UsageError && message.test(error.message),
      argv.join(" "),
    );
  }
});

Deno.test("nearest words", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("ab", "ba"), 1);
  assert.equal(nearest("volum", ["volume", "mount"]), "volume");
  assert.equal(nearest("xyz", ["volume", "mount"]), undefined);
});

Deno.test("sizes and durations", () => {
  for (
    const [text, bytes] of [["1", 1], ["512m", 2 ** 29], ["2G", 2 ** 31], ["1.5k", 1536], ["1GiB", 2 ** 30], [
      "3 MB",
      3 * 2 ** 20,
    ]] as const
  ) assert.equal(parseSize(text, "-m"), bytes, text);
  for (const bad of ["", "0", "-1", "x", "1x", "1e3"]) {
    assert.throws(() => parseSize(bad, "-m"), /-m: .* is not a size/, bad);
  }
  for (
    const [text, ms] of [["10", 10_000], ["1.5s", 1500], ["250ms", 250], ["1m30s", 90_000], [
      "1h",
      3_600_000,
    ]] as const
  ) assert.equal(parseDuration(text, "-t"), ms, text);
  for (const bad of ["", "0", "1x", "s", "-1s", "1s2"]) {
    assert.throws(() => parseDuration(bad, "-t"), /is not a duration/, bad);
  }
});

Deno.test("names of containers", () => {
  for (const good of ["web", "a1", "A_b.c-d"]) assert.equal(parseName(good), good);
  for (const bad of ["", "a", "-a", "a b", "a/b", "é1"]) {
    assert.throws(() => parseName(bad), /^Error: --name: /, bad);
  }
  for (const good of ["box", "a.b-c", "käse", "x".repeat(64)]) assert.equal(parseHostname(good), good);
  for (const bad of ["", "a b", "a\n127.0.0.1 b", "\x7f", "x".repeat(65), "ä".repeat(33)]) {
    assert.throws(() => parseHostname(bad), /^Error: --hostname: .* is not a name/, bad);
  }
});

Deno.test("environment files", () => {
  const own = (name: string): string | undefined => name === "SET" ? "value" : undefined;
  assert.deepEqual(parseEnvFile("# no\n\nA=1\nB=x # kept\nSET\nUNSET\r\n  C=2\n", "f", own), [
    "A=1",
    "B=x # kept",
    "SET=value",
    "C=2",
  ]);
  assert.throws(() => parseEnvFile("A=1\nbad name=2\n", "f", own), /--env-file f:2: "bad name"/);
});

Deno.test("limits of processes and of CPU time, and annotations, as docker writes them", () => {
  assert.deepEqual(["10", "0", "-1"].map(parsePidsLimit), [10, 0, -1]);
  for (const bad of ["", "x", "1.5", "-2"]) {
    assert.throws(() => parsePidsLimit(bad), /--pids-limit: .* is not a number of processes/, bad);
  }
  assert.deepEqual(["2", "0.5", ".25", "0.01"].map(parseCpus), [2, 0.5, 0.25, 0.01]);
  for (const bad of ["", "x", "0", "0.001", "-1", "1e3"]) {
    assert.throws(() => parseCpus(bad), /--cpus: .* is not a number of processors/, bad);
  }
  assert.deepEqual(parseAnnotations(["a=1", "b=x=y", "a=", "c=2"]), { a: "", b: "x=y", c: "2" });
  for (const bad of ["a", "=b", ""]) {
    assert.throws(() => parseAnnotations([bad]), /--annotation .* NAME=VALUE/);
  }
  const options = runOptions(parse("run", "--pids-limit", "7", "--cpus", "1.5", "img"));
  assert.deepEqual([options.pidsLimit, options.cpus], [7, 1.5]);
});

Deno.test("run's options reach the engine", () => {
  const options = runOptions(
    parse(
      "run",
      "-u",
      "app",
      "--entrypoint",
      "/e",
      "--timeout",
      "2s",
      "-m",
      "64m",
      "--platform",
      "wasip1/wasm32",
      "--stop-signal",
      "TERM",
      "--read-only",
      "img",
      "a",
    ),
  );
  assert.deepEqual([
    options.image,
    options.args,
    options.user,
    options.entrypoint,
    options.timeout,
    options.memory,
    options.stopSignal,
    options.readOnly,
  ], ["img", ["a"], "app", ["/e"], 2000, 2 ** 26, 15, true]);
  assert.deepEqual(options.platform, { os: "wasip1", architecture: "wasm" });
  assert.throws(() => runOptions(parse("run", "--engine", "x", "i")), /is not an engine/);
  assert.throws(() => runOptions(parse("run", "--stop-signal", "SIGX", "i")), /is not a signal/);
});

/** Every command of the table. */
function all(command: CommandSpec): CommandSpec[] {
  return [command, ...(command.commands ?? []).flatMap(all)];
}

Deno.test("every command has help that names all of its options; colours only where they are wanted", () => {
  for (const command of all(UMIAK)) {
    const text = helpText(command, command.name, styleFor(false, undefined));
    assert.ok(text.includes(command.help) && text.includes("--help"));
    for (const option of command.options ?? []) assert.ok(text.includes(`--${option.name}`), option.name);
    assert.ok(!text.includes("\x1b"));
  }
  assert.ok(helpText(UMIAK, "umiak", styleFor(true, undefined)).includes("\x1b[1m"));
  assert.ok(!helpText(UMIAK, "umiak", styleFor(true, "1")).includes("\x1b"));
});

Deno.test("no two options of a command share a name or a letter", () => {
  for (const command of all(UMIAK)) {
    const names = (command.options ?? []).flatMap((
      option,
    ) => [option.name, ...(option.short === undefined ? [] : [option.short])]);
    assert.equal(new Set(names).size, names.length, command.name);
  }
});
