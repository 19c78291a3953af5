/** WASI hosts that are compared: umiak, and those that npm and Node offer. @module */
import { npmPackage } from "../tests/support/npm_package.ts";
import { repositoryFile } from "../tests/support/umiak.ts";
import type { Command } from "./process.ts";

/** What a guest is started with. */
export interface Guest {
  /** Path of the module. */
  readonly module: string;
  /** Arguments that name the guest's writable directory; some hosts pass none, and get `env`. */
  readonly args: (directory: string) => readonly string[];
  /** The same in the environment. */
  readonly env?: (directory: string) => Readonly<Record<string, string>>;
  /** A directory of the host that the guest is to see as "/"; an empty one unless told. */
  readonly root?: string;
  readonly stdin?: string;
}

/** A host. */
export interface Host {
  /** Its name in the tables. */
  readonly name: string;
  /** The command that runs a guest. */
  command(guest: Guest): Command;
}

const script = (name: string): string => repositoryFile(`bench/hosts/${name}`);
const DENO = ["run", "--quiet", "--allow-all", "--no-check", "--no-lock"];

function common(guest: Guest): Pick<Command, "stdin"> {
  return guest.stdin === undefined ? {} : { stdin: guest.stdin };
}

/** A command line of umiak, from the bundle as bin/umiak starts it, or from the sources. */
export function umiakCommand(
  main: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Command {
  const flags = main.endsWith(".js")
    ? ["--no-config", "--unstable-net"]
    : ["--config", repositoryFile("deno.json")];
  const engine = main.endsWith(".js") && args[0] === "run"
    ? ["--v8-flags=--no-lazy,--min-semi-space-size=4"]
    : [];
  return { command: Deno.execPath(), args: [...DENO, ...flags, ...engine, main, ...args], env };
}

/** The engine with next to nothing around it. */
export function bareHost(): Host {
  return {
    name: "bare",
    command: (guest) => ({
      command: Deno.execPath(),
      args: [...DENO, script("bare.mjs"), guest.module, ...guest.args("")],
    }),
  };
}

/** `umiak run` as its users start it; `options` come before the module. */
export function umiak(name: string, directory: string, options: readonly string[], main: string): Host {
  return {
    name,
    command: (guest) => ({
      ...umiakCommand(main, ["run", "-i", ...options, guest.module, ...guest.args(directory)]),
      ...common(guest),
    }),
  };
}

async function hasNode(): Promise<boolean> {
  try {
    return (await new Deno.Command("node", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** The engine of wizer is wasmtime; it passes no arguments on, but the environment. */
async function wasmtime(scratch: string): Promise<Host | undefined> {
  const wizer = await npmPackage("@bytecodealliance/wizer", "10.0.0");
  const packages = `${wizer.slice(0, wizer.lastIndexOf("/node_modules/"))}/node_modules/.deno`;
  for await (const { name } of Deno.readDir(packages)) {
    const kind = /^@bytecodealliance\+(wizer-[a-z0-9]+-[a-z0-9]+)@/.exec(name)?.[1];
    if (kind === undefined) continue;
    const program = `${packages}/${name}/node_modules/@bytecodealliance/${kind}/wizer`;
    const fixed = ["--allow-wasi", "--inherit-stdio", "true", "--inherit-env", "true", "-f", "_start"];
    return {
      name: "wasmtime",
      command: (guest) => ({
        command: program,
        args: [...fixed, "--mapdir", `.::${guest.root ?? scratch}`, "-o", "/dev/null", "--", guest.module],
        env: guest.env?.(".") ?? {},
        ...common(guest),
      }),
    };
  }
}

/** All peers that this machine can run; `scratch` is an empty directory, best one in memory. Says why one is left out. */
export async function peers(scratch: string, say: (message: string) => void): Promise<Host[]> {
  const hosts: Host[] = [];
  const add = (name: string, command: string, before: readonly string[], directory: string): void => {
    hosts.push({
      name,
      command: (guest) => ({
        command,
        args: [...before, guest.module, guest.root ?? scratch, ...guest.args(directory)],
        ...common(guest),
      }),
    });
  };
  const optional = async (name: string, make: () => Promise<void>): Promise<void> => {
    try {
      await make();
    } catch (error) {
      say(`${name} is left out: ${(error as Error).message}`);
    }
  };
  const node = await hasNode();
  if (!node) say("Node's hosts are left out: there is no node");
  if (node) add("node:wasi", "node", ["--no-warnings", script("node_wasi.mjs")], "/");
  add("Deno node:wasi", Deno.execPath(), [...DENO, script("node_wasi.mjs")], "/");
  await optional("browser_wasi_shim", async () => {
    const shim = await npmPackage("@bjorn3/browser_wasi_shim", "0.4.2");
    add("browser_wasi_shim", Deno.execPath(), [...DENO, script("browser_wasi_shim.mjs"), shim], "/");
    if (node) add("the same in Node", "node", [script("browser_wasi_shim.mjs"), shim], "/");
  });
  if (node) {
    await optional("@wasmer/wasi", async () => {
      const library = await npmPackage("@wasmer/wasi", "1.2.2");
      add("@wasmer/wasi", "node", [script("wasmer_wasi.mjs"), library], "/bench");
    });
    // Later versions have another interface, or end with a panic in Node 20.
    await optional("@wasmer/sdk", async () => {
      const library = await npmPackage("@wasmer/sdk", "0.9.0");
      add("@wasmer/sdk", "node", [script("wasmer_sdk.mjs"), library], "/bench");
    });
  }
  await optional("wasmtime", async () => {
    const host = await wasmtime(scratch);
    if (host !== undefined) hosts.push(host);
  });
  return hosts;
}
