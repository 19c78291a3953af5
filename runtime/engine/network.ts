/** The network of a container that `umiak run` starts. Loaded only where one is asked for. @module */
import { O_CREAT, O_WRONLY } from "../../fs/abi/open.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import { openAt, parsePath, type PathName } from "../../fs/vfs/mod.ts";
import {
  type ContainerNetwork,
  containerNetwork,
  type PolicyOptions,
  sharedNetwork,
} from "../sandbox/exec/net_container.ts";
import type { Sandbox } from "../sandbox/exec/sandbox.ts";
import { parseEgressRule } from "../sandbox/net/egress/rules.ts";
import type { PublishedPort } from "../sandbox/net/pod/publish.ts";
import { parseIp } from "../sandbox/net/ip.ts";
import type { Spec } from "../spec/types.ts";
import { checkEgress, type NetworkMode, type NetworkOptions } from "./network_options.ts";
import { RunError } from "./options.ts";

/** A container's network, and what its specification gets of it. */
export interface PreparedNetwork extends ContainerNetwork {
  /** Binds of /etc/hosts and /etc/resolv.conf. */
  readonly mounts: Spec["mounts"];
}

/** The mode that options mean. */
export function modeOf({ mode, publish = [] }: NetworkOptions): NetworkMode {
  if (mode === undefined) return publish.length > 0 ? "pod" : "none";
  if (publish.length > 0 && mode !== "pod") {
    const why = mode === "host" ? "there the container's ports are the host's" : "there is no way in";
    throw new RunError(`--publish with --network ${mode}: ${why}`, 125);
  }
  return mode;
}

function write(sandbox: Sandbox, path: string, content: string): void {
  const file = openAt(sandbox.kernel.swapper, null, parsePath(path) as PathName, O_CREAT | O_WRONLY, 0o644);
  if (typeof file === "number") throw new Error(`writing ${path} of the kernel: errno ${-file}`);
  const bytes = new TextEncoder().encode(content);
  file.write(bytes, 0, bytes.length);
  file.close();
}

/** What decides about the way out. */
const policyOf = (options: NetworkOptions): PolicyOptions => ({
  rules: (options.egress ?? []).map((rule) => parseEgressRule(checkEgress(rule))!),
  // Published ports alone open no way out.
  otherwise: options.mode === undefined ? "nothing" : "public",
  log: (line, allowed) => {
    if (options.egressLog !== undefined) options.egressLog(line);
    else if (!allowed) console.error(`umiak: ${line}`);
  },
});

const portsOf = ({ publish = [] }: NetworkOptions): PublishedPort[] =>
  publish.map((port) => ({
    hostIp: parseIp(port.hostIp)!,
    hostPort: port.hostPort,
    port: port.containerPort,
    transport: port.transport,
  }));

/** A network with its files, which the kernel gets below `files`. */
function withFiles(
  sandbox: Sandbox,
  files: string,
  network: Omit<ContainerNetwork, "listeners"> & Partial<ContainerNetwork>,
): PreparedNetwork {
  const sb = new TmpfsSuper({ mode: 0o755 });
  sandbox.kernel.mountHost(files, sb);
  const contents = { hosts: network.hosts, "resolv.conf": network.resolvConf };
  for (const [name, content] of Object.entries(contents)) write(sandbox, `${files}/${name}`, content);
  const mounts = Object.keys(contents).map((name) => ({
    destination: `/etc/${name}`,
    type: "bind",
    source: `${files}/${name}`,
    options: ["bind", "rw"],
  }));
  const close = (): Promise<void> => {
    sandbox.hide([{ path: files, sb }]);
    return network.close();
  };
  return { listeners: [], ...network, mounts, close };
}

/** Makes the network of a container in a sandbox that has not started it. The kernel has its files below `files`. */
export function prepareNetwork(
  sandbox: Sandbox,
  options: NetworkOptions,
  hostname: string,
  files: string,
): PreparedNetwork {
  const network = containerNetwork(sandbox.kernel, {
    mode: modeOf(options),
    hostname,
    publish: portsOf(options),
    listen: (options.listen ?? []).map(({ ip, port }) => ({ ip: parseIp(ip)!, port })),
    ...policyOf(options),
  });
  return modeOf(options) === "none" ? { ...network, mounts: [] } : withFiles(sandbox, files, network);
}

/** The network that containers with namespaces of their own have in common. */
export interface PreparedBridge {
  /** The network of one of them. */
  join(options: NetworkOptions, hostname: string, files: string): PreparedNetwork;
  /** See ContainerNetwork.close(). */
  close(): Promise<void>;
}

/** Makes it. */
export function prepareBridge(sandbox: Sandbox, options: NetworkOptions): PreparedBridge {
  const network = sharedNetwork(sandbox.kernel, policyOf(options));
  return {
    join: (own, hostname, files) => withFiles(sandbox, files, network.join(hostname, portsOf(own))),
    close: () => network.close(),
  };
}
