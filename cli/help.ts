/** Help texts, made from the table. @module */
import { type CommandSpec, optionsOf, type OptionSpec } from "./parser.ts";

/** Escape sequences for headings, where the output is a terminal that wants them (https://no-color.org). */
export interface Style {
  /** Emphasised. */
  bold(text: string): string;
}

/** The style for a stream. */
export function styleFor(isTerminal: boolean, noColor: string | undefined): Style {
  const on = isTerminal && (noColor === undefined || noColor === "");
  return { bold: (text) => on ? `\x1b[1m${text}\x1b[0m` : text };
}

const INDENT = "  ", GAP = 2;

function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + GAP;
  return rows.map(([left, right]) => `${INDENT}${left.padEnd(width)}${right}\n`).join("");
}

function optionName(option: OptionSpec): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
}

/** The help of a command. */
export function helpText(command: CommandSpec, words: string, style: Style): string {
  const hasOptions = (command.options?.length ?? 0) > 0;
  const usage = [
    words,
    hasOptions ? "[OPTIONS]" : "",
    command.commands === undefined ? command.args ?? "" : "COMMAND",
  ];
  let text = `${command.help}\n\n${style.bold("Usage:")} ${usage.filter((part) => part !== "").join(" ")}\n`;
  if (command.commands !== undefined) {
    text += `\n${style.bold("Commands:")}\n${
      columns(command.commands.map((each) => [each.name, each.help]))
    }`;
  }
  text += `\n${style.bold("Options:")}\n${
    columns(optionsOf(command).map((each) => [optionName(each), each.help]))
  }`;
  if (command.commands !== undefined) text += `\nSee ${words} COMMAND --help for a command.\n`;
  return text;
}
