/** Debian's podman with umiak-runtime, and an image for wasi/wasm. @module */
import assert from "node:assert/strict";
import { probeImage } from "./caller.ts";

/** What a podman needs that is driven by a test. */
export const PODMAN = { tools: ["podman", "conmon", "skopeo"], root: true, os: ["linux"] as const };

/** What a podman did. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A podman with storage of its own, whose runtime is the one of this repository. */
export class Podman {
  readonly #options: readonly string[];

  /** `env`: added to the test's own. */
  constructor(readonly dir: string, readonly env: Record<string, string> = {}) {
    this.#options = [
      ...[
        "--root",
        `${dir}/root`,
        "--runroot",
        `${dir}/run`,
        "--tmpdir",
        `${dir}/tmp`,
        "--storage-driver",
        "vfs",
      ],
      ...["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", `${dir}/umiak-runtime`],
    ];
  }

  async call(args: readonly string[], stdin = ""): Promise<Result> {
    const { dir } = this;
    // conmon keeps the streams of its podman: files, so that nobody waits for their end.
    const name = `${dir}/${crypto.randomUUID()}`;
    await Deno.writeTextFile(`${name}.in`, stdin);
    const { code } = await new Deno.Command("/bin/sh", {
      args: [
        ...["-c", `exec "$@" <'${name}.in' >'${name}.out' 2>'${name}.err'`, "sh", "podman"],
        ...this.#options,
        ...args,
      ],
      cwd: dir, // conmon writes files about its container where it is started
      env: this.env,
    }).output();
    const stdout = await Deno.readTextFile(`${name}.out`), stderr = await Deno.readTextFile(`${name}.err`);
    return { code, stdout, stderr: stderr.replace(/^WARNING: image platform .*\n/gm, "") };
  }

  /** Runs podman on a terminal; each text is typed once the terminal shows what it waits for. */
  async onTerminal(
    args: readonly string[],
    typed: readonly (readonly [shown: string, text: string])[],
  ): Promise<Result> {
    const command = ["podman", ...this.#options, ...args].map((word) => `'${word}'`).join(" ");
    const child = new Deno.Command("script", {
      ...{ args: ["-qec", command, "/dev/null"], stdin: "piped", stdout: "piped", stderr: "null" } as const,
      cwd: this.dir,
      env: this.env,
    }).spawn();
    const writer = child.stdin.getWriter(), decoder = new TextDecoder(), queue = [...typed];
    let stdout = "";
    for await (const chunk of child.stdout) {
      stdout += decoder.decode(chunk, { stream: true });
      while (queue.length > 0 && stdout.includes(queue[0]![0])) {
        await writer.write(new TextEncoder().encode(queue.shift()![1]));
      }
    }
    const { code } = await child.status;
    await writer.close().catch(() => {});
    return { code, stdout, stderr: "" };
  }

  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call(args);
    assert.equal(code, 0, `podman ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  run(...args: string[]): Promise<Result> {
    return this.call(["run", "--rm", "--network", "none", ...args]);
  }
}

/** An image for wasi/wasm with tests/guests/probe.wasm, in podman's storage as `probe`. */
export async function loadImage(podman: Podman, dir: string): Promise<void> {
  await probeImage(`${dir}/layout`);
  const copy = await new Deno.Command("skopeo", {
    args: ["copy", "-q", `oci:${dir}/layout:v1`, `docker-archive:${dir}/image.tar:localhost/probe:v1`],
  }).output();
  assert.ok(copy.success, new TextDecoder().decode(copy.stderr));
  await podman.ok("load", "-q", "-i", `${dir}/image.tar`);
}

/** Removes all pods, containers and images. */
export async function cleanUp(podman: Podman): Promise<void> {
  await podman.call(["pod", "rm", "-f", "-a", "-t", "0"]);
  await podman.call(["rm", "-f", "-a", "-t", "0"]);
  await podman.call(["rmi", "-a", "-f"]);
}
