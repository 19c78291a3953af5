/**
 * A container by the operations of the runtime specification, in this process: created, started, asked for its state, killed, deleted.
 * @module
 */
import { openRuntime } from "../runtime/mod.ts";

const bundle = await Deno.makeTempDir({ prefix: "umiak-example-" });
await Deno.mkdir(`${bundle}/rootfs`);
await Deno.copyFile(new URL("../tests/guests/probe.wasm", import.meta.url), `${bundle}/rootfs/probe.wasm`);
await Deno.writeTextFile(
  `${bundle}/config.json`,
  JSON.stringify({
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/probe.wasm", "sleep", "600000"] },
    linux: { namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })) },
  }),
);

const runtime = openRuntime();
const statuses: string[] = [];
const note = async (): Promise<void> => void statuses.push((await runtime.state("sleeper")).status);
try {
  await runtime.create("sleeper", bundle);
  await note();
  await runtime.start("sleeper");
  await note();
  await runtime.kill("sleeper");
  const waitStatus = await runtime.wait("sleeper");
  await note();
  await runtime.delete("sleeper");
  console.log(JSON.stringify({ statuses, signal: waitStatus & 0x7f, left: await runtime.list() }));
} finally {
  await runtime.close();
  await Deno.remove(bundle, { recursive: true });
}
