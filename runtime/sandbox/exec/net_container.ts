/** The network of a container in this process: none, a pod's, or the host's. @module */
import { errnoText } from "../../../fs/abi/errno_text.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { AF_INET, AF_INET6, SOCK_STREAM } from "../../abi/linux/socket.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Task } from "../kernel/task.ts";
import { formatInet, inetAddress } from "../net/address.ts";
import { serveNames } from "../net/dns/server.ts";
import { EgressPolicy } from "../net/egress/policy.ts";
import type { EgressRule } from "../net/egress/rules.ts";
import { policyNames, policyUplink } from "../net/egress/uplink.ts";
import { ANY4, ANY6, formatIp, type Ip } from "../net/ip.ts";
import { type Attached, hostsFile, PodNetwork, resolvConf } from "../net/pod/network.ts";
import type { PublishedPort } from "../net/pod/publish.ts";
import { createSocket } from "../net/create.ts";
import { NetNamespace } from "../net/namespace.ts";
import type { SocketFile } from "../net/socket_file.ts";
import { type DenoNetwork, hostNetwork } from "./net_host.ts";

/** What a container's network is made of. */
export interface ContainerNetworkOptions {
  /** none: the loopback interface. pod: a network of the kernel's containers, with a way out. host: the host's, through the policy. */
  readonly mode: "none" | "pod" | "host";
  /** Ports of the host that lead to the container; with `pod`. */
  readonly publish?: readonly PublishedPort[];
  /** Addresses of the host on which the program finds listening sockets, from descriptor 3 on. */
  readonly listen?: readonly { readonly ip: Ip; readonly port: number }[];
  /** Egress rules, in order. */
  readonly rules?: readonly EgressRule[];
  /** What no rule is about: public addresses are allowed (the default), or nothing is. */
  readonly otherwise?: "public" | "nothing";
  /** Takes a line for each decision of the policy. */
  readonly log?: (line: string, allowed: boolean) => void;
  /** The container's host name. */
  readonly hostname: string;
}

/** A container's network. */
export interface ContainerNetwork {
  /** Content of its /etc/hosts. */
  readonly hosts: string;
  /** Content of its /etc/resolv.conf. */
  readonly resolvConf: string;
  /** Listening sockets that the program is started with. */
  readonly listeners: readonly OpenFile[];
  /** Connects the namespace of the container's first task, once there is one. Throws when a port cannot be published. */
  attach(task: Task): void;
  /** Waits until what the container has sent is with the host, for some seconds at most, and ends everything that is open to the host. */
  close(): Promise<void>;
}

/** Connections that wait for a program to accept them: what std::net and wasmtime's --tcplisten ask for. */
const BACKLOG = 128;
/** How long an ended container's data is still sent. */
const LINGER_MS = 10_000;
/** Where name servers of `--network host` answer: inside the kernel only. */
const HOST_RESOLVER: Ip = Uint8Array.of(127, 0, 0, 53);

/** Makes the network of a container on `kernel`. */
export function containerNetwork(kernel: Kernel, options: ContainerNetworkOptions): ContainerNetwork {
  const { mode, hostname, listen = [] } = options;
  const host = hostNetwork(), policy = policyWith(options);
  try {
    const network = mode === "pod"
      ? pod(kernel, host, policy, options)
      : mode === "host"
      ? onHost(kernel, host, policy, hostname)
      : { hosts: hostsFile(hostname, null), resolvConf: "", attach() {}, close: () => finish(host) };
    return { ...network, listeners: listen.map((at) => listener(kernel, host, at)) };
  } catch (error) {
    host.close();
    throw error;
  }
}

/** Lets what is on its way arrive; a peer that does not take it cannot hold us up for ever. */
async function finish(host: DenoNetwork): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  if (host.pending.size > 0) {
    const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, LINGER_MS));
    await Promise.race([Promise.allSettled(host.pending), patience]);
    clearTimeout(timer);
  }
  host.close();
}

/** A socket that listens on the host. It belongs to a namespace outside of the container, from which nothing leads out. */
function listener(
  kernel: Kernel,
  host: DenoNetwork,
  { ip, port }: { readonly ip: Ip; readonly port: number },
): OpenFile {
  const outside = NetNamespace.withLoopback(kernel.initial.net.owner!);
  outside.addUplink(
    "host0",
    policyUplink(host, new EgressPolicy({ rules: [], otherwise: "nothing", log() {} }), true),
  );
  const family = ip.length === 4 ? AF_INET : AF_INET6;
  const socket = createSocket(null, outside, family, SOCK_STREAM, 0, 0);
  const at = inetAddress(family, ip, port);
  const error = typeof socket === "number"
    ? socket
    : socket.bind(kernel.swapper, at) || socket.listen(BACKLOG);
  if (typeof socket !== "number" && error === 0) return socket;
  throw new Error(`listening on ${formatInet(at)}: ${errnoText(-error)}`);
}

/** A network of containers on one kernel, with a way out. */
export interface SharedNetwork {
  /** The network of one of them; it is attached when it has a task. */
  join(hostname: string, publish?: readonly PublishedPort[]): Omit<ContainerNetwork, "listeners">;
  /** See ContainerNetwork.close(). */
  close(): Promise<void>;
}

/** What decides about the way out of a network. */
export type PolicyOptions = Pick<ContainerNetworkOptions, "rules" | "otherwise" | "log">;

const policyWith = ({ rules = [], otherwise = "public", log = () => {} }: PolicyOptions): EgressPolicy =>
  new EgressPolicy({ rules, otherwise, log });

/** Makes a network that containers on `kernel` can join. */
export function sharedNetwork(kernel: Kernel, options: PolicyOptions): SharedNetwork {
  return sharedBy(kernel, hostNetwork(), policyWith(options));
}

function sharedBy(kernel: Kernel, host: DenoNetwork, policy: EgressPolicy): SharedNetwork {
  const network = new PodNetwork(kernel.initial.net.owner!, host, policy);
  return {
    join: (hostname, publish = []) => member(network, hostname, publish),
    close() {
      network.close();
      return finish(host);
    },
  };
}

function member(
  network: PodNetwork,
  hostname: string,
  publish: readonly PublishedPort[],
): Omit<ContainerNetwork, "listeners"> {
  const ip = network.allocate();
  if (typeof ip === "number") throw new Error(`an address on the pod's network: ${errnoText(-ip)}`);
  let attached: Attached | undefined;
  return {
    hosts: hostsFile(hostname, ip),
    resolvConf: resolvConf(),
    attach(task) {
      const to = network.attach(task.nsproxy.net, ip, hostname);
      if (typeof to === "number") {
        throw new Error(`attaching the container to the pod's network: ${errnoText(-to)}`);
      }
      attached = to;
      for (const port of publish) {
        const error = network.publish(port, to);
        if (error === 0) continue;
        const { hostIp, hostPort, transport } = port;
        throw new Error(
          `publishing ${transport} port ${port.port} on ${
            formatInet(inetAddress(hostIp.length === 4 ? AF_INET : AF_INET6, hostIp, hostPort))
          }: ` +
            errnoText(-error),
        );
      }
    },
    close() {
      if (attached === undefined) network.free(ip);
      else network.detach(attached);
      return Promise.resolve();
    },
  };
}

/** A pod of one container. */
function pod(
  kernel: Kernel,
  host: DenoNetwork,
  policy: EgressPolicy,
  { hostname, publish = [] }: ContainerNetworkOptions,
): Omit<ContainerNetwork, "listeners"> {
  const network = sharedBy(kernel, host, policy);
  return { ...network.join(hostname, publish), close: () => network.close() };
}

/** The kernel's initial namespace leads to the host: a container without a network namespace of its own is in it. */
function onHost(
  kernel: Kernel,
  host: DenoNetwork,
  policy: EgressPolicy,
  hostname: string,
): Omit<ContainerNetwork, "listeners"> {
  const { net } = kernel.initial;
  const names = net.names = policyNames(host, policy, new Map());
  const server: SocketFile | number = serveNames(net, HOST_RESOLVER, names);
  const device = net.addUplink("host0", policyUplink(host, policy, true));
  if (typeof device === "number") throw new Error(`making the uplink: ${errnoText(-device)}`);
  for (const ip of [ANY4, ANY6]) net.routes.add({ to: { ip, length: 0 }, gateway: null, device });
  return {
    hosts: hostsFile(hostname, null),
    resolvConf: `nameserver ${formatIp(HOST_RESOLVER)}\n`,
    attach() {},
    close() {
      if (typeof server !== "number") server.close();
      return finish(host);
    },
  };
}
