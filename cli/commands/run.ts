/** `umiak run`. @module */
import { parsePlatform } from "../../image/platform.ts";
import { parseSignal } from "../../runtime/abi/linux/signal.ts";
import type { BackendName, EngineName, RunOptions } from "../../runtime/engine/options.ts";
import {
  checkEgress,
  parseListen,
  parseNetworkMode,
  parsePublish,
} from "../../runtime/engine/network_options.ts";
import { runImage } from "../../runtime/engine/run_image.ts";
import type { PrepareOptions } from "../../runtime/engine/leased_image.ts";
import type { PullPolicy } from "../../runtime/engine/pull.ts";
import type { Parsed } from "../parser.ts";
import { Progress, standardError } from "../progress.ts";
import { parseMount, parseTmpfs, parseVolume } from "../mount_values.ts";
import {
  parseAnnotations,
  parseCpus,
  parseDuration,
  parseEnv,
  parseEnvFile,
  parseHostname,
  parseName,
  parsePidsLimit,
  parseSize,
} from "../values.ts";
import { registryOptions } from "./registry_options.ts";

function environment(parsed: Parsed): string[] {
  const own = (name: string): string | undefined => Deno.env.get(name);
  const files = parsed.values("env-file").flatMap((path) => {
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound ? "no such file" : (error as Error).message;
      throw new Error(`--env-file ${path}: ${why}`, { cause: error });
    }
    return parseEnvFile(text, path, own);
  });
  return [...files, ...parsed.values("env").flatMap((each) => parseEnv(each, own))];
}

function engineOf(text: string | undefined): EngineName {
  if (text === undefined || text === "kernel" || text === "wasmer") return text ?? "kernel";
  throw new Error(`--engine: ${JSON.stringify(text)} is not an engine; there are kernel and wasmer`);
}

function backendOf(text: string): BackendName {
  if (text === "sandbox" || text === "native") return text;
  throw new Error(`--backend: ${JSON.stringify(text)} is not a backend; there are sandbox and native`);
}

/** --security-opt, in docker's words. */
function security(parsed: Parsed): Pick<RunOptions, "noNewPrivileges" | "seccomp"> {
  let found: Pick<RunOptions, "noNewPrivileges" | "seccomp"> = {};
  for (const option of parsed.values("security-opt")) {
    const match = /^no-new-privileges(?:[=:](true|false))?$/.exec(option);
    if (match !== null) found = { ...found, noNewPrivileges: match[1] !== "false" };
    else if (/^seccomp[=:]unconfined$/.test(option)) found = { ...found, seccomp: "unconfined" };
    else {
      throw new Error(
        `--security-opt: ${JSON.stringify(option)} is neither no-new-privileges nor seccomp=unconfined`,
      );
    }
  }
  return found;
}

function signalOf(text: string): number {
  const signal = parseSignal(text);
  if (signal === undefined) {
    throw new Error(`--stop-signal: ${JSON.stringify(text)} is not a signal such as SIGTERM`);
  }
  return signal;
}

/** A function that appends lines to a file. Its own errors end the command before the container runs. */
function appender(path: string): (line: string) => void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { create: true, append: true });
  } catch (error) {
    throw new Error(`--egress-log ${path}: ${(error as Error).message}`, { cause: error });
  }
  return (line) => {
    file.writeSync(new TextEncoder().encode(`${new Date().toISOString()} ${line}\n`));
  };
}

/** The network that options ask for; none, if none does. */
function network(parsed: Parsed): Pick<RunOptions, "network"> {
  const mode = parsed.value("network"), log = parsed.value("egress-log");
  const publish = parsed.values("publish").flatMap(parsePublish),
    egress = parsed.values("egress").map(checkEgress);
  const listen = parsed.values("listen").map(parseListen);
  if (mode === undefined && publish.length === 0) {
    if (egress.length > 0) throw new Error("--egress: without --network pod or host nothing leads out");
    return listen.length === 0 ? {} : { network: { listen } };
  }
  return {
    network: {
      listen,
      ...mode === undefined ? {} : { mode: parseNetworkMode(mode) },
      publish,
      egress,
      ...log === undefined ? {} : { egressLog: appender(log) },
    },
  };
}

/** The options as the engine wants them. */
export function runOptions(parsed: Parsed): RunOptions {
  const [image = "", ...args] = parsed.args;
  const given = <K extends string, T>(
    option: string,
    key: K,
    read: (text: string) => T,
  ): { [key in K]?: T } => {
    const text = parsed.value(option);
    return text === undefined ? {} : { [key]: read(text) } as { [key in K]?: T };
  };
  const text = (value: string): string => value;
  const named = parsed.value("name"), name = named === undefined ? undefined : parseName(named);
  return {
    image,
    args,
    env: environment(parsed),
    mounts: [
      ...parsed.values("volume").map(parseVolume),
      ...parsed.values("mount").map(parseMount),
      ...parsed.values("tmpfs").map(parseTmpfs),
    ],
    ...given("workdir", "workdir", text),
    ...given("user", "user", text),
    ...given("entrypoint", "entrypoint", (value) => value === "" ? [] : [value]),
    ...parsed.value("hostname") === "" ? {} : given("hostname", "hostname", parseHostname), // empty is none, as with docker
    ...given("platform", "platform", parsePlatform),
    ...given("memory", "memory", (value) => parseSize(value, "--memory")),
    ...given("pids-limit", "pidsLimit", parsePidsLimit),
    ...given("cpus", "cpus", parseCpus),
    ...given("timeout", "timeout", (value) => parseDuration(value, "--timeout")),
    ...given("stop-signal", "stopSignal", signalOf),
    ...(name === undefined ? {} : { name }),
    annotations: {
      ...name === undefined ? {} : { "umiak.name": name },
      ...parseAnnotations(parsed.values("annotation")),
    },
    ...network(parsed),
    readOnly: parsed.has("read-only"),
    interactive: parsed.has("interactive"),
    tty: parsed.has("tty"),
    engine: engineOf(parsed.value("engine")),
    ...given("backend", "backend", backendOf),
    ...security(parsed),
  };
}

function policyOf(text: string | undefined): PullPolicy {
  if (text === undefined || text === "missing" || text === "always" || text === "never") {
    return text ?? "missing";
  }
  throw new Error(`--pull: ${JSON.stringify(text)} is none of always, missing and never`);
}

/** How the image is got if it is not there; progress is shown once there is some. */
async function prepareOptions(parsed: Parsed): Promise<PrepareOptions> {
  const pull = policyOf(parsed.value("pull")), registry = await registryOptions(parsed);
  const progress = parsed.has("quiet") ? undefined : new Progress(standardError());
  return { pull, registry, ...progress === undefined ? {} : { onProgress: (blob) => progress.update(blob) } };
}

/** Runs the command. */
export async function run(parsed: Parsed): Promise<number> {
  const options = { ...runOptions(parsed), prepare: await prepareOptions(parsed) };
  return await runImage(options);
}
