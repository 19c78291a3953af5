/**
 * A caller of exec that stays after its detached program has ended: `detached_exec.ts ROOT ID`. It says then what has become of the process of
 * the host that stands for it: a state as proc(5) has them.
 * @module
 */
import { loadBackend } from "../../runtime/engine/backends.ts";
import { setHostCommand } from "../../runtime/engine/host_process.ts";
import { exec } from "../../runtime/lifecycle/exec.ts";
import { hostContext } from "../../runtime/lifecycle/host/mod.ts";
import { parseProcess } from "../../runtime/spec/decode_process.ts";
import { HOST_PROCESS } from "../../cli/runtime/self.ts";
import { runtimeCommand } from "./support.ts";

const [root = "", id = ""] = Deno.args;
setHostCommand([...runtimeCommand(root).slice(0, -2), HOST_PROCESS]);
const context = hostContext(root, loadBackend, { warn() {}, note() {} });
const process = parseProcess(JSON.stringify({ cwd: "/", args: ["/probe.wasm", "exit", "7"] }));
const { pid } = await exec(context, id, process, {
  ...{ detached: true, preserveFds: 0, cgroup: "", ignorePaused: false },
});
const note = `${root}/${id}/exec-${pid}`;
while (await Deno.lstat(note).then(() => true, () => false)) await new Promise((r) => setTimeout(r, 5));
// Whatever is going to happen to it has time to.
await new Promise((r) => setTimeout(r, 200));
const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "gone");
console.log(/\) (\w)/.exec(stat)?.[1] ?? stat);
Deno.exit(0);
