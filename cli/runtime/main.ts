/** `umiak-runtime`: the OCI runtime command line. A verb loads what it needs, and nothing else: callers run it several times for each container. @module */
import { findCommand, parseArguments, type Parsed, UsageError } from "../parser.ts";
import { Log } from "./log.ts";
import { makeRuntime, print } from "./runtime.ts";
import { HOST_PROCESS } from "./self.ts";
import { RUNTIME, VERBS } from "./table.ts";

/** Exit code of errors, as runc's. */
const FAILED = 1;
async function help(words: string): Promise<number> {
  const { helpText, styleFor } = await import("../help.ts");
  const command = VERBS.find(({ name }) => words === `umiak-runtime ${name}`) ??
    { ...RUNTIME, commands: VERBS };
  print(helpText(command, words, styleFor(Deno.stdout.isTerminal(), Deno.env.get("NO_COLOR"))));
  return 0;
}

async function runVerb(globals: Parsed, log: Log): Promise<number> {
  const { command, words, rest } = findCommand({ ...RUNTIME, commands: VERBS }, globals.args);
  const verb = VERBS.find(({ name }) => name === command.name);
  if (verb === undefined) throw globals.error("a verb is required");
  const parsed = parseArguments(verb, words, rest);
  if (parsed === "help") return await help(words);
  return await (await verb.load())(parsed, makeRuntime(globals, log));
}

/** Runs a command line. The exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === HOST_PROCESS) {
    const { hostMain } = await import("../../runtime/engine/host_process.ts");
    return await hostMain(argv.slice(1));
  }
  let log = new Log({ path: undefined, json: false, debug: false });
  try {
    const globals = parseArguments(RUNTIME, "umiak-runtime", argv);
    if (globals === "help") return await help("umiak-runtime");
    const format = globals.value("log-format") ?? "text";
    if (format !== "text" && format !== "json") {
      throw globals.error(`--log-format: unknown format ${JSON.stringify(format)}`);
    }
    log = new Log({ path: globals.value("log"), json: format === "json", debug: globals.has("debug") });
    if (globals.has("version")) return (await import("./commands/version.ts")).version();
    if (globals.args.length === 0) return await help("umiak-runtime");
    return await runVerb(globals, log);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 141; // whoever read the output has gone
    const message = error instanceof Error ? error.message : String(error);
    log.error(message.replaceAll("\n", " "));
    if (error instanceof UsageError) console.error(`See ${error.command} --help.`);
    const { exitCode } = error as { exitCode?: unknown };
    return typeof exitCode === "number" ? exitCode : FAILED;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
