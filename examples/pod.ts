/** Two containers of a pod in this process: a server, and a client that reaches it on the loopback interface they share. @module */
import { createPod } from "../mod.ts";

const image = new URL("../tests/wasi/wasmedge.wasm", import.meta.url).pathname;
const pod = await createPod();
try {
  const listening = Promise.withResolvers<void>();
  const stdout = {
    writeSync(bytes: Uint8Array): number {
      listening.resolve(); // it says so when it listens
      return bytes.length;
    },
  };
  const server = pod.run({ image, args: ["serve", "8080"] }, { stdout });
  await listening.promise;
  await pod.run({ image, args: ["fetch", "127.0.0.1", "8080"] });
  await server;
} finally {
  await pod.close();
}
