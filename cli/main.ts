/** The command line's entry. @module */
import { helpText, styleFor } from "./help.ts";
import { findCommand, parseArguments, UsageError } from "./parser.ts";
import { UMIAK } from "./table.ts";

/** Exit code of umiak's own errors, as docker's. */
const OWN_ERROR = 125;

function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Runs a command line. The exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    // "umiak help run" is "umiak run --help".
    const args = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
    const { command, words, rest } = findCommand(UMIAK, args);
    const parsed = parseArguments(command, words, rest);
    if (parsed === "help" || (command.run === undefined && !parsed.has("version"))) {
      print(helpText(command, words, styleFor(Deno.stdout.isTerminal(), Deno.env.get("NO_COLOR"))));
      return parsed === "help" ? 0 : OWN_ERROR;
    }
    if (command.run === undefined) return (await import("./commands/version.ts")).version();
    return await command.run(parsed);
  } catch (error) {
    return report(error);
  }
}

/** One line on standard error, and the exit code. */
function report(error: unknown): number {
  if (error instanceof Deno.errors.BrokenPipe) return 141; // whoever read the output has gone: as SIGPIPE would end it
  const message = error instanceof Error ? error.message : String(error);
  console.error(`umiak: ${message.replaceAll("\n", " ")}`);
  if (error instanceof UsageError) console.error(`See ${error.command} --help.`);
  const { exitCode } = error as { exitCode?: unknown };
  return typeof exitCode === "number" ? exitCode : OWN_ERROR;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
