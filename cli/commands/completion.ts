/** `umiak completion`: scripts for shells, made from the table of commands. @module */
import { type CommandSpec, optionsOf, type Parsed } from "../parser.ts";
import { UMIAK } from "../table.ts";

interface Flat {
  /** Words after "umiak". */
  readonly path: string;
  readonly command: CommandSpec;
}

function flatten(command: CommandSpec, path = ""): Flat[] {
  const below = (command.commands ?? []).flatMap((each) =>
    flatten(each, path === "" ? each.name : `${path} ${each.name}`)
  );
  return [{ path, command }, ...below];
}

function words(command: CommandSpec): string[] {
  return [
    ...(command.commands ?? []).map((each) => each.name),
    ...optionsOf(command).flatMap((
      each,
    ) => [`--${each.name}`, ...(each.short === undefined ? [] : [`-${each.short}`])]),
  ];
}

function bash(): string {
  const cases = flatten(UMIAK).map(({ path, command }) =>
    `    "${path}") words="${words(command).join(" ")}" ;;\n`
  ).join("");
  return `_umiak() {
  local words path="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$path" in
      "") case "$word" in ${UMIAK.commands!.map((c) => c.name).join("|")}) path="$word" ;; esac ;;
      image|spec) case "$word" in -*) ;; *) path="$path $word" ;; esac ;;
    esac
  done
  case "$path" in
${cases}  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _umiak umiak
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function fish(): string {
  return flatten(UMIAK).flatMap(({ path, command }) => {
    const at = path === ""
      ? "__fish_use_subcommand"
      : `__fish_seen_subcommand_from ${path.split(" ").at(-1)}`;
    const commands = (command.commands ?? []).map((each) =>
      `complete -c umiak -f -n ${quoted(at)} -a ${each.name} -d ${quoted(each.help)}`
    );
    const options = optionsOf(command).map((each) =>
      `complete -c umiak -n ${quoted(at)} -l ${each.name}${
        each.short === undefined ? "" : ` -s ${each.short}`
      }${each.value === undefined ? "" : " -r"} -d ${quoted(each.help)}`
    );
    return [...commands, ...options];
  }).join("\n") + "\n";
}

function zsh(): string {
  return `#compdef umiak\nautoload -U +X bashcompinit && bashcompinit\n${bash()}`;
}

function powershell(): string {
  const rows = flatten(UMIAK).map(({ path, command }) =>
    `  '${path}' = @(${words(command).map((word) => `'${word}'`).join(", ")})`
  ).join("\n");
  return `$umiakWords = @{
${rows}
}
Register-ArgumentCompleter -Native -CommandName umiak -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $path = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $next = if ($path) { "$path $element" } else { "$element" }
    if ($umiakWords.ContainsKey($next)) { $path = $next }
  }
  $umiakWords[$path] | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
}

const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish, powershell };

/** Prints the script for a shell. */
export function completion(parsed: Parsed): number {
  const shell = parsed.args[0]!;
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    throw parsed.error(
      `unknown shell ${JSON.stringify(shell)}; there are ${Object.keys(SCRIPTS).join(", ")}`,
    );
  }
  console.log(script().trimEnd());
  return 0;
}
