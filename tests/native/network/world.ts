/** What scenarios are made of: they run as root in a network namespace of their own, which stands for a host. @module */
import assert from "node:assert/strict";

const PEER = new URL("peer.ts", import.meta.url).pathname;
const DENO = [Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check", "--no-lock"];

/** The words that run a module with Deno. */
export function denoCommand(module: string, ...args: readonly string[]): string[] {
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  return [...DENO, "--config", config, module, ...args];
}

/** Runs a program to its end; what it has printed. Fails if the program does. */
export async function run(...words: readonly string[]): Promise<string> {
  const [program, ...args] = words;
  const { success, stdout, stderr } = await new Deno.Command(program!, { args, stdin: "null" }).output();
  assert.ok(success, `${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** What `ip -j ARGS` prints. */
// deno-lint-ignore no-explicit-any
export async function ip(...args: readonly string[]): Promise<any> {
  return JSON.parse(await run("ip", "-j", ...args) || "[]");
}

/** A process with a network namespace of its own. */
export class Machine {
  readonly #child: Deno.ChildProcess;
  readonly #servers: Deno.ChildProcess[] = [];

  constructor() {
    this.#child = new Deno.Command("unshare", { args: ["-n", "sleep", "1000"], stdin: "null" }).spawn();
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until it has its namespace. */
  async made(): Promise<this> {
    const own = Deno.readLinkSync("/proc/self/ns/net");
    while (Deno.readLinkSync(`/proc/${this.pid}/ns/net`) === own) {
      await new Promise((go) => setTimeout(go, 1));
    }
    return this;
  }

  /** Words that run a program in it. */
  in(...words: readonly string[]): string[] {
    return ["nsenter", "-t", String(this.pid), "-n", "--", ...words];
  }

  /** What `ip -j ARGS` prints in it. */
  // deno-lint-ignore no-explicit-any
  async ip(...args: readonly string[]): Promise<any> {
    return JSON.parse(await run(...this.in("ip", "-j", ...args)) || "[]");
  }

  /** Runs peer.ts in it, to its end. */
  peer(...args: readonly string[]): Promise<string> {
    return run(...this.in(...denoCommand(PEER, ...args)));
  }

  /** Has it serve: TCP at 80, and UDP at 53. */
  async serve(): Promise<void> {
    const [program, ...args] = this.in(...denoCommand(PEER, "serve", "80", "53"));
    const server = new Deno.Command(program!, { args, stdin: "null", stdout: "piped" }).spawn();
    this.#servers.push(server);
    const reader = server.stdout.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "ready\n");
    reader.releaseLock();
  }

  /** Ends it. */
  async end(): Promise<void> {
    for (const child of [...this.#servers, this.#child]) {
      child.kill("SIGKILL");
      await child.status;
    }
  }
}

/** Runs peer.ts on the host. */
export function peer(...args: readonly string[]): Promise<string> {
  return run(...denoCommand(PEER, ...args));
}

/** A machine. */
export function machine(): Promise<Machine> {
  return new Machine().made();
}

/** A machine on a link of the host: it has 192.0.2.2, and the host has 192.0.2.1. It knows of nothing else. */
export async function outside(): Promise<Machine> {
  const made = await machine();
  await run("ip", "link", "set", "lo", "up");
  await run("ip", "link", "add", "out0", "type", "veth", "peer", "name", "in0", "netns", String(made.pid));
  await run("ip", "addr", "add", "192.0.2.1/24", "dev", "out0");
  await run("ip", "link", "set", "out0", "up");
  await run(...made.in("ip", "addr", "add", "192.0.2.2/24", "dev", "in0"));
  await run(...made.in("ip", "link", "set", "in0", "up"));
  return made;
}

/** Names of the host's links. */
export async function links(): Promise<string[]> {
  const all = await ip("link") as { ifname: string }[];
  return all.map(({ ifname }) => ifname).sort();
}

/** Files below a directory. */
export function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? [name, ...filesBelow(`${directory}/${name}`).map((each) => `${name}/${each}`)] : [name]
  ).sort();
}

/** Fails unless private networks have left nothing on a host that has these links. */
export async function assertNothingLeft(stateDirectory: string, expected: readonly string[]): Promise<void> {
  assert.deepEqual(await links(), [...expected].sort());
  assert.equal(await run("nft", "list", "ruleset"), "");
  assert.deepEqual(filesBelow(stateDirectory), ["lock"]);
}
