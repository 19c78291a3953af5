/** A containerd of a test's own, and ctr to ask it. @module */
import assert from "node:assert/strict";

/** What a containerd needs that is driven by a test. */
export const CONTAINERD = { tools: ["containerd", "ctr", "script"], root: true, os: ["linux"] as const };

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What a ctr did; output and errors are one text. */
export interface Result {
  readonly code: number;
  readonly out: string;
}

/** ctr, asking one containerd. */
export class Ctr {
  /** The namespace of its containers, which is also the directory of their cgroups. */
  readonly namespace: string = `umiak-${crypto.randomUUID().slice(0, 8)}`;

  constructor(readonly socket: string) {}

  async call(...args: string[]): Promise<Result> {
    const { code, stdout, stderr } = await new Deno.Command("ctr", {
      ...{ args: ["-a", this.socket, "-n", this.namespace, ...args], stdin: "null" } as const,
    }).output();
    return { code, out: text(stdout) + text(stderr) };
  }

  async ok(...args: string[]): Promise<string> {
    const { code, out } = await this.call(...args);
    assert.equal(code, 0, `ctr ${args.join(" ")}: ${out}`);
    return out;
  }

  /** Runs it on a terminal, where `typed` is typed once it shows `shown`. */
  async onTerminal(args: readonly string[], shown: string, typed: string): Promise<Result> {
    const command = ["ctr", "-a", this.socket, "-n", this.namespace, ...args].map((word) => `'${word}'`).join(
      " ",
    );
    const child = new Deno.Command("script", {
      // ctr wants to know how large it is.
      args: ["-qec", `stty rows 24 cols 80; ${command}`, "/dev/null"],
      ...{ stdin: "piped", stdout: "piped", stderr: "null" } as const,
    }).spawn();
    const writer = child.stdin.getWriter();
    let out = "", done = false;
    for await (const chunk of child.stdout) {
      out += text(chunk);
      if (done || !out.includes(shown)) continue;
      done = true;
      await writer.write(new TextEncoder().encode(typed));
    }
    const { code } = await child.status;
    await writer.close().catch(() => {});
    return { code, out };
  }

  /** Waits until a task has stopped. */
  async stopped(id: string): Promise<void> {
    const line = new RegExp(`^${id} .*\\bSTOPPED\\b`, "m");
    while (!line.test(await this.ok("task", "ls"))) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ends what a failed test has left. */
async function cleanUp(ctr: Ctr, dir: string): Promise<void> {
  for (const id of (await ctr.call("containers", "ls", "-q")).out.split("\n").filter(Boolean)) {
    await ctr.call("task", "kill", "-s", "SIGKILL", id);
    await ctr.call("task", "rm", "--force", id);
    await ctr.call("containers", "rm", id);
  }
  const mounts = Deno.readTextFileSync("/proc/self/mounts").split("\n").map((line) =>
    line.split(" ")[1] ?? ""
  );
  for (const path of mounts.filter((path) => path.startsWith(`${dir}/`)).reverse()) {
    await new Deno.Command("umount", { args: ["-l", path] }).output();
  }
}

/** Removes the directories that its containers' cgroups were in. */
function removeCgroups(ctr: Ctr): void {
  const root = "/sys/fs/cgroup";
  for (const { name } of Deno.readDirSync(root)) {
    for (const path of [`${root}/${ctr.namespace}`, `${root}/${name}/${ctr.namespace}`]) {
      try {
        Deno.removeSync(path);
      } catch {
        // There is none here.
      }
    }
  }
}

/** Names of what umiak-runtime has written down below `dir`/state, where each namespace has a directory. */
export function leftOf(dir: string): string[] {
  const names = (path: string): string[] => [...Deno.readDirSync(path)].map(({ name }) => name);
  return names(`${dir}/state`).flatMap((namespace) => names(`${dir}/state/${namespace}`));
}

/** Runs `f` while a containerd of its own runs. */
export async function withContainerd(dir: string, f: (ctr: Ctr) => Promise<void>): Promise<void> {
  const socket = `${dir}/c.sock`;
  await Deno.writeTextFile(
    `${dir}/config.toml`,
    `version = 2\nroot = "${dir}/root"\nstate = "${dir}/run"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n` +
      `[grpc]\naddress = "${socket}"\n[ttrpc]\naddress = "${socket}.ttrpc"\n`,
  );
  const daemon = new Deno.Command("containerd", {
    args: ["-c", `${dir}/config.toml`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const end = daemon.status.then(() => ended = true);
  const ctr = new Ctr(socket);
  try {
    while ((await ctr.call("version")).code !== 0) {
      if (ended) throw new Error("containerd has ended");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await f(ctr);
  } finally {
    await cleanUp(ctr, dir);
    if (!ended) daemon.kill("SIGTERM");
    await end;
    removeCgroups(ctr);
  }
}
