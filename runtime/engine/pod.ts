/** Pods: containers of images that run on one kernel in this process, and share namespaces. @module */
import type { NetworkOptions } from "./network_options.ts";
import { checkNumbers } from "./check_numbers.ts";
import { FIRST_PLACE } from "../sandbox/exec/host/prepare.ts";
import { RunError, type RunOptions } from "./options.ts";
import { NAMESPACE_FILES, PodKernel, type SharedNamespace } from "./pod_kernel.ts";
import { randomName } from "./prepare_container.ts";
import { runOn } from "./run.ts";
import type { Stdio } from "./stdio.ts";

export type { SharedNamespace } from "./pod_kernel.ts";

/** What a pod is made of. */
export interface PodOptions {
  /** Namespaces that its containers have in common: network, ipc and uts by default, as podman's and Kubernetes' pods. */
  readonly share?: readonly SharedNamespace[];
  /**
   * Its network. A shared one is each container's: they find each other on the loopback interface, and published ports lead to whoever
   * listens. With mode "pod" and a network namespace for each, they are on one network and know each other by their host names;
   * then each container publishes its own ports.
   */
  readonly network?: NetworkOptions;
  /** Host name of a shared uts namespace; a short random one by default. */
  readonly hostname?: string;
  /**
   * Containers are served, paused and killed also while one of them computes: the default, for they share a thread. It costs speed
   * (docs/RATIONALE.md); false is for programs that are known to wait often.
   */
  readonly interruptible?: boolean;
}

/** See the module's comment. */
export interface Pod {
  /**
   * Runs a container in it, as runImage() does alone. Several can run at a time. What the pod's containers share cannot be asked for: a RunError
   * says so.
   */
  run(options: RunOptions, stdio?: Stdio): Promise<number>;
  /** Kills what still runs in it, waits for that, and gives everything back. */
  close(): Promise<void>;
}

async function connect(pod: PodKernel, options: NetworkOptions, hostname: string): Promise<void> {
  const { modeOf, prepareBridge, prepareNetwork } = await import("./network.ts");
  const mode = modeOf(options);
  if ((options.listen?.length ?? 0) > 0) {
    throw new RunError("network.listen: sockets are passed to a container, not to a pod", 125);
  }
  if (mode === "none") return;
  if (mode === "pod" && !pod.shares("network")) {
    if ((options.publish?.length ?? 0) > 0) {
      throw new RunError(
        "network.publish: the pod's containers have a network each, and publish its ports",
        125,
      );
    }
    pod.bridge = prepareBridge(pod.sandbox, options);
    return;
  }
  pod.onHost = mode === "host";
  pod.network = prepareNetwork(pod.sandbox, options, hostname, `${FIRST_PLACE}/network`);
  if (pod.holder !== null) pod.network.attach(pod.holder);
}

function refuseElsewhere({ engine, backend }: RunOptions): void {
  const elsewhere = engine === "wasmer" ? "engine wasmer" : backend === "native" ? "backend native" : "";
  if (elsewhere !== "") {
    throw new RunError(`${elsewhere}: a pod's containers run on its userland kernel`, 125);
  }
}

/** Makes a pod. It is to be closed. */
export async function createPod(options: PodOptions = {}): Promise<Pod> {
  const { share = ["network", "ipc", "uts"], interruptible = true, hostname = randomName() } = options;
  if (options.hostname !== undefined && !share.includes("uts")) {
    throw new RunError(
      "hostname: the pod's containers have a uts namespace each, and their own host names",
      125,
    );
  }
  const unknown = share.find((type) => !Object.hasOwn(NAMESPACE_FILES, type));
  if (unknown !== undefined) {
    throw new RunError(
      `share: ${JSON.stringify(unknown)} is no namespace that containers have in common`,
      125,
    );
  }
  const pod = new PodKernel({ share, hostname, interruptible });
  const running = new Set<Promise<number>>();
  const close = (): Promise<void> => pod.close(running);
  try {
    if (options.network !== undefined) await connect(pod, options.network, hostname);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async run(asked, stdio = {}) {
      checkNumbers(asked);
      refuseElsewhere(asked);
      if (pod.closed) throw new RunError("the pod is closed", 125);
      const ended = runOn(pod, asked, stdio);
      running.add(ended);
      try {
        return await ended;
      } finally {
        running.delete(ended);
      }
    },
    close,
  };
}
