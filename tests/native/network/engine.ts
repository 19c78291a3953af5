/** An engine of its own process: `engine.ts STATE PID PORT` says `begin`, sets a network up, says its address, and stays until its input ends. @module */
import { setUpPrivateNetwork } from "../../../runtime/native/network/mod.ts";

const [stateDirectory = "", pid = "", port = ""] = Deno.args;
const publish = port === ""
  ? []
  : [{ hostAddress: "0.0.0.0", host: Number(port), container: 80, protocol: "tcp" } as const];
console.log("begin");
const network = await setUpPrivateNetwork({
  ...{ containerId: `c${pid}`, pid: Number(pid), publish, stateDirectory },
});
console.log(network.address);
for await (const _ of Deno.stdin.readable);
await network.dispose();
