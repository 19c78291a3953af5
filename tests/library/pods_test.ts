/** Containers of a library's pod: what they share, and what they do not. @module */
import assert from "node:assert/strict";
import { createPod, type Pod, type PodOptions } from "../../runtime/engine/pod.ts";
import { RunError, type RunOptions } from "../../runtime/engine/options.ts";
import { freePort } from "../support/ports.ts";
import { caught, PROBE, SOCKETS } from "./support.ts";

async function withPod(options: PodOptions, body: (pod: Pod) => Promise<void>): Promise<void> {
  const pod = await createPod(options);
  try {
    await body(pod);
  } finally {
    await pod.close();
  }
}

/** What a program writes that ends well. */
async function output(pod: Pod, options: RunOptions): Promise<string> {
  const streams = caught();
  assert.equal(await pod.run(options, streams), 0, streams.errors());
  return streams.output();
}

const probe = (...args: string[]): RunOptions => ({ image: PROBE, args });
const sockets = (...args: string[]): RunOptions => ({ image: SOCKETS, args });

/** The namespace of a container. */
const namespace = (pod: Pod, type: string): Promise<string> =>
  output(pod, probe("readlink", `/proc/self/ns/${type}`));

Deno.test("containers of a pod have the same network, ipc and uts namespaces, and others beside", () =>
  withPod({}, async (pod) => {
    for (const type of ["net", "ipc", "uts"]) {
      assert.equal(await namespace(pod, type), await namespace(pod, type), type);
    }
    for (const type of ["pid", "mnt", "cgroup"]) {
      assert.notEqual(await namespace(pod, type), await namespace(pod, type), type);
    }
  }));

Deno.test("a pod shares what it is told to, and the host name with the uts namespace", () =>
  withPod({ share: ["uts", "pid"], hostname: "together" }, async (pod) => {
    for (const type of ["pid", "uts"]) {
      assert.equal(await namespace(pod, type), await namespace(pod, type), type);
    }
    assert.notEqual(await namespace(pod, "net"), await namespace(pod, "net"));
    assert.equal(await output(pod, probe("cat", "/proc/sys/kernel/hostname")), "together\n");
    const env = await output(pod, probe("env"));
    assert.match(env, /^HOSTNAME=together$/m);
    // The processes of one are seen by the others.
    const sleeping = pod.run(probe("sleep", "100000000"), caught());
    const count = async (): Promise<number> =>
      (await output(pod, probe("ls", "/proc"))).split(/\s+/).filter((name) => /^\d+$/.test(name)).length;
    while (await count() < 3) { /* it is being started */ } // the pod's own, the sleeping one, and who looks
    await pod.close();
    assert.equal(await sleeping, 137);
  }));

Deno.test("a container that is being started when its pod is closed has been killed, or has not begun", async () => {
  const seen = new Set<number | string>();
  // More turns of the event loop each time: the pod is closed ever later in the start.
  for (let turns = 0; turns < 60; turns++) {
    await withPod({}, async (pod) => {
      const running = pod.run(probe("sleep", "100000000"), caught()).catch((error: Error) => error.message);
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 0));
      await pod.close();
      seen.add(await running);
    });
  }
  const allowed = [137, ...[...seen].filter((each) => /the pod is closed$/.test(String(each)))];
  assert.deepEqual([...seen].filter((each) => !allowed.includes(each)), []);
});

Deno.test("containers of a pod meet on the loopback interface", () =>
  withPod({}, async (pod) => {
    const server = caught();
    const served = pod.run(sockets("serve", "80"), server);
    await server.written("listening");
    assert.equal(await output(pod, sockets("fetch", "127.0.0.1", "80")), "question\n");
    assert.equal(await served, 0);
  }));

Deno.test("a pod with a network: its published port leads to whichever container listens", async () => {
  const port = freePort();
  await withPod({
    network: { publish: [{ hostIp: "127.0.0.1", hostPort: port, containerPort: 80, transport: "tcp" }] },
  }, async (pod) => {
    const server = caught();
    const served = pod.run(sockets("serve", "80"), server);
    await server.written("listening");
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("hello"));
    const bytes = new Uint8Array(9);
    assert.equal(await connection.read(bytes), 5);
    connection.close();
    assert.equal(await served, 0);
    assert.match(await output(pod, probe("cat", "/etc/resolv.conf")), /^nameserver 10\.88\.0\.1$/m);
  });
});

Deno.test("with a network namespace each, containers of a pod are on one network and know each other by name", () =>
  withPod({ share: ["ipc"], network: { mode: "pod" } }, async (pod) => {
    const server = caught();
    const served = pod.run({ ...sockets("serve", "80"), hostname: "server" }, server);
    await server.written("listening");
    assert.equal(await output(pod, sockets("resolve", "server")), "10.88.0.2\n");
    assert.equal(await output(pod, sockets("fetch", "10.88.0.2", "80")), "question\n");
    assert.equal(await served, 0);
    // Its name goes with it.
    const late = caught();
    assert.equal(await pod.run(sockets("resolve", "server"), late), 1);
  }));

Deno.test("what is the pod's cannot be asked for by one of its containers", async () => {
  const refused = async (options: PodOptions, asked: Partial<RunOptions>, message: RegExp): Promise<void> =>
    await withPod(options, async (pod) => {
      await assert.rejects(
        pod.run({ ...probe("echo"), ...asked }, caught()),
        (error: Error) => error instanceof RunError && error.exitCode === 125 && message.test(error.message),
      );
    });
  await refused({}, { hostname: "mine" }, /hostname: the pod's containers/);
  await refused({}, { network: { mode: "pod" } }, /network: the pod's containers/);
  await refused({}, { engine: "wasmer" }, /engine wasmer: a pod's containers run on its userland kernel/);
  await refused({}, { backend: "native" }, /backend native: a pod's containers/);
  await refused({ share: [] }, { network: { mode: "host" } }, /mode host: it is a pod's/);
  await refused({ share: [], network: { mode: "pod" } }, { network: { mode: "none" } }, /mode none/);
  await assert.rejects(createPod({ share: [], hostname: "x" }), /have a uts namespace each/);
  await assert.rejects(
    createPod({ network: { listen: [{ ip: "127.0.0.1", port: 0 }] } }),
    /passed to a container/,
  );
});

Deno.test("limits and file systems of a pod's containers are their own; a program that is not there is the caller's error", () =>
  withPod({}, async (pod) => {
    const args = ["put", "/file", "x".repeat(2 ** 20)];
    const [small, large] = await Promise.all([
      pod.run({ image: PROBE, args, memory: 2 ** 21 }, caught()),
      pod.run({ image: PROBE, args, memory: 2 ** 23 }, caught()),
    ]);
    assert.deepEqual([small, large], [137, 0]);
    const streams = caught();
    assert.notEqual(await pod.run(probe("cat", "/file"), streams), 0);
    await assert.rejects(
      pod.run({ ...probe(), entrypoint: ["/nothing"] }, caught()),
      (error: Error) => error instanceof RunError && error.exitCode === 127,
    );
    const trap = caught();
    assert.notEqual(await pod.run(probe("oob"), trap), 0);
    assert.match(trap.errors(), /^umiak: .*out of bounds/);
  }));

Deno.test("a closed pod takes nobody, and closing it again does nothing", async () => {
  const pod = await createPod({ interruptible: false });
  const pending = pod.run(probe("sleep", "100000000"), caught());
  const closed = pod.close();
  await assert.rejects(pod.run(probe("echo"), caught()), /the pod is closed/);
  await closed;
  await pod.close();
  await pending.then(
    (code) => assert.equal(code, 137),
    (error: Error) => assert.match(error.message, /the pod is closed/),
  );
});
