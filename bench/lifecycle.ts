/** What the operations of the runtime specification cost for a container in this process. @module */
import { openRuntime } from "../runtime/engine/local_runtime.ts";
import { repositoryFile } from "../tests/support/umiak.ts";

const ROUNDS = 200;

/** Milliseconds that one container takes from create to delete, its program's load and run included: the least of many. */
export async function containerMs(): Promise<number> {
  const bundle = await Deno.makeTempDir({ prefix: "umiak-bench-" });
  const runtime = openRuntime();
  try {
    await Deno.mkdir(`${bundle}/rootfs`);
    await Deno.copyFile(repositoryFile("tests/guests/probe.wasm"), `${bundle}/rootfs/probe.wasm`);
    const namespaces = ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type }));
    const process = { cwd: "/", args: ["/probe.wasm", "exit", "0"] };
    const config = { ociVersion: "1.3.0", root: { path: "rootfs" }, process, linux: { namespaces } };
    await Deno.writeTextFile(`${bundle}/config.json`, JSON.stringify(config));
    let best = Infinity;
    for (let i = 0; i < ROUNDS; i++) {
      const before = performance.now();
      await runtime.create("bench", bundle);
      await runtime.start("bench");
      await runtime.wait("bench");
      await runtime.delete("bench");
      best = Math.min(best, performance.now() - before);
    }
    return best;
  } finally {
    await runtime.close();
    await Deno.remove(bundle, { recursive: true });
  }
}
