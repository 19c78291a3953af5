/** The command line's grammar: what a table of commands and options makes of arguments, as docker and GNU tools read them. @module */
import { nearest } from "./nearest.ts";

/** An option of a command. */
export interface OptionSpec {
  /** Long name, without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What its value is, for help; without it the option is a switch. */
  readonly value?: string;
  /** It may be given several times. */
  readonly repeat?: boolean;
  /** One line of help. */
  readonly help: string;
  /** What a value can be, for completion. */
  readonly choices?: readonly string[];
}

/** A command, or a group of them. */
export interface CommandSpec {
  /** Its name. */
  readonly name: string;
  /** One line of help. */
  readonly help: string;
  /** Positional arguments, for help: "IMAGE [ARG...]". */
  readonly args?: string;
  /** Least and most positional arguments. */
  readonly count?: readonly [min: number, max: number];
  /** Options end at the first positional argument: the rest belongs to the program that is run. */
  readonly passThrough?: boolean;
  /** Options. */
  readonly options?: readonly OptionSpec[];
  /** Commands of a group. */
  readonly commands?: readonly CommandSpec[];
  /** Runs it. The exit code. */
  readonly run?: (parsed: Parsed) => Promise<number>;
}

/** The command line is not understood. */
export class UsageError extends Error {
  /** `command`: the words of the command, for "see … --help". */
  constructor(message: string, readonly command: string) {
    super(message);
  }
}

/** What was given. */
export class Parsed {
  readonly #values: Map<string, string[]> = new Map();
  /** Positional arguments. */
  readonly args: string[] = [];

  /** Arguments of `command`, whose words are `words`. */
  constructor(readonly command: CommandSpec, readonly words: string) {}

  /** Notes a value. */
  add(option: OptionSpec, value: string): void {
    const known = this.#values.get(option.name);
    if (known === undefined || !option.repeat) this.#values.set(option.name, [value]);
    else known.push(value);
  }
  /** The last value of an option. */
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }
  /** All values of an option. */
  values(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
  /** A switch is on. */
  has(name: string): boolean {
    return this.value(name) === "true";
  }
  /** An error about the arguments. */
  error(message: string): UsageError {
    return new UsageError(message, this.words);
  }
}

const HELP: OptionSpec = { name: "help", help: "Show this help" };

/** Options of a command, --help included. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...command.options ?? [], HELP];
}

/** Finds the command that the first words name. The rest are its arguments. */
export function findCommand(
  root: CommandSpec,
  argv: readonly string[],
): { command: CommandSpec; words: string; rest: string[] } {
  let command = root, words = root.name;
  const rest = [...argv];
  while (command.commands !== undefined && rest.length > 0 && !rest[0]!.startsWith("-")) {
    const name = rest.shift()!;
    const next = command.commands.find((each) => each.name === name);
    if (next === undefined) {
      const near = nearest(name, command.commands.map((each) => each.name));
      throw new UsageError(
        `unknown command ${JSON.stringify(name)}${
          near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`
        }`,
        words,
      );
    }
    command = next;
    words = `${words} ${name}`;
  }
  return { command, words, rest };
}

/** Reads the arguments of a command. Returns "help" when that was asked for. Throws a UsageError. */
export function parseArguments(
  command: CommandSpec,
  words: string,
  argv: readonly string[],
): Parsed | "help" {
  const parsed = new Parsed(command, words);
  const options = optionsOf(command);
  const queue = [...argv];
  const valueOf = (option: OptionSpec, shown: string, attached: string | undefined): string => {
    if (option.value === undefined) {
      if (attached === undefined || attached === "true" || attached === "false") return attached ?? "true";
      throw parsed.error(`option ${shown} takes no value`);
    }
    const value = attached ?? queue.shift();
    if (value === undefined) throw parsed.error(`option ${shown} needs a value: ${option.value}`);
    return value;
  };
  while (queue.length > 0) {
    const arg = queue.shift()!;
    if (arg === "--") {
      parsed.args.push(...queue.splice(0));
    } else if (arg.startsWith("--")) {
      const [name, attached] = splitOnce(arg.slice(2));
      const option = options.find((each) => each.name === name);
      if (option === undefined) throw unknown(parsed, `--${name}`, options.map((each) => `--${each.name}`));
      if (option === HELP) return "help";
      parsed.add(option, valueOf(option, `--${name}`, attached));
    } else if (arg.startsWith("-") && arg.length > 1) {
      const asked = cluster(parsed, options, arg, valueOf);
      if (asked === "help") return "help";
    } else {
      parsed.args.push(arg);
      if (command.passThrough) parsed.args.push(...queue.splice(0));
    }
  }
  checkCount(parsed);
  return parsed;
}

/** Short options in one argument: -it, -eNAME=VALUE, -w=/x. */
function cluster(
  parsed: Parsed,
  options: readonly OptionSpec[],
  arg: string,
  valueOf: (option: OptionSpec, shown: string, attached: string | undefined) => string,
): "help" | undefined {
  for (let i = 1; i < arg.length; i++) {
    const letter = arg[i]!;
    const option = options.find((each) => each.short === letter);
    if (option === undefined) {
      if (arg === "-h") return "help";
      throw unknown(
        parsed,
        `-${letter}`,
        options.flatMap((each) => each.short === undefined ? [] : [`-${each.short}`]),
      );
    }
    const rest = arg.slice(i + 1);
    if (option.value !== undefined) {
      parsed.add(option, valueOf(option, `-${letter}`, rest === "" ? undefined : rest.replace(/^=/, "")));
      return undefined;
    }
    parsed.add(option, rest.startsWith("=") ? valueOf(option, `-${letter}`, rest.slice(1)) : "true");
    if (rest.startsWith("=")) return undefined;
  }
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function unknown(parsed: Parsed, shown: string, known: readonly string[]): UsageError {
  const near = shown.length > 2 ? nearest(shown, known) : undefined;
  return parsed.error(`unknown option ${shown}${near === undefined ? "" : `; did you mean ${near}?`}`);
}

function checkCount(parsed: Parsed): void {
  const [min, max] = parsed.command.count ?? [0, 0];
  const n = parsed.args.length;
  if (n < min) throw parsed.error(`missing argument: ${parsed.command.args ?? ""}`);
  if (n > max) {
    throw parsed.error(
      max === 0
        ? `unexpected argument ${JSON.stringify(parsed.args[0])}`
        : `too many arguments: ${parsed.command.args ?? ""}`,
    );
  }
}
