/** The process of the host that stands for one that a detached exec has started. @module */
import { LifecycleError } from "../../../lifecycle/error.ts";
import { identify } from "../../../lifecycle/host/processes.ts";
import { type Attached, attachProcess } from "../container/attach.ts";
import { FrameSocket } from "../container/frames.ts";
import { noteExec } from "../container/processes.ts";
import { whenLeft } from "./left.ts";
import { endAs } from "./signals.ts";

/** Gets its process from the exec that waits at `path`, tells it how that went, and stands for it to its end. */
export async function standForExec(directory: string, control: string, path: string): Promise<never> {
  const parent = new FrameSocket(await Deno.connect({ transport: "unix", path }));
  const order = await parent.receiveMessage();
  if (order === null) Deno.exit(125); // the exec was killed
  let attached: Attached;
  const forget = noteExec(directory, identify(Deno.pid));
  try {
    // A terminal that was made for it is raw already.
    const terminal = order.terminal === true ? { isRaw: true } : undefined;
    attached = await attachProcess(
      control,
      { process: String(order.process), cgroup: String(order.cgroup) },
      terminal,
      order.patient === true ? Infinity : undefined,
    );
  } catch (error) {
    forget();
    const reason = error instanceof LifecycleError ? error.reason : "failed";
    await parent.message({ op: "error", message: (error as Error).message, reason });
    await parent.close();
    Deno.exit(125);
  }
  await parent.message({ op: "started" });
  const status = await attached.wait();
  forget();
  await whenLeft(parent);
  endAs(status);
}
