/** What a caller says about a container's network: values, read from text. @module */
import { parseIp } from "../sandbox/net/ip.ts";
import { parseEgressRule } from "../sandbox/net/egress/rules.ts";

/** none: the loopback interface only. pod: a private network with a way out. host: the host's. */
export type NetworkMode = "none" | "pod" | "host";

/** A port of the host that leads to the container. */
export interface PublishOption {
  /** Address of the host; "0.0.0.0" for every one. */
  readonly hostIp: string;
  /** Port of the host. */
  readonly hostPort: number;
  /** Port in the container. */
  readonly containerPort: number;
  /** Transport. */
  readonly transport: "tcp" | "udp";
}

/** An address of the host to listen on. */
export interface ListenOption {
  /** Address of the host. */
  readonly ip: string;
  /** Port. */
  readonly port: number;
}

/** A container's network. */
export interface NetworkOptions {
  /** Which; with published ports and no mode a pod's, from which nothing leads out but what rules allow. */
  readonly mode?: NetworkMode;
  /** Addresses of the host where the program finds listening sockets, from descriptor 3 on (as systemd's socket activation has it). */
  readonly listen?: readonly ListenOption[];
  /** Published ports. */
  readonly publish?: readonly PublishOption[];
  /**
   * Rules for connections to the outside, in order, the first that fits decides: `allow=example.com:443`, `deny=10.0.0.0/8`, `allow=*`.
   * What none is about: public addresses are allowed, all others denied.
   */
  readonly egress?: readonly string[];
  /** Takes a line for each decision; without it the denials are told on standard error. */
  readonly egressLog?: (line: string) => void;
}

/** A mode by its name; "private" is what native containers call a pod's. Throws for one there is not. */
export function parseNetworkMode(text: string): NetworkMode {
  if (text === "private") return "pod";
  if (text === "none" || text === "pod" || text === "host") return text;
  throw new Error(`--network: ${JSON.stringify(text)} is none of none, pod, private and host`);
}

/** Checks a rule; throws if it is none. */
export function checkEgress(text: string): string {
  if (parseEgressRule(text) !== undefined) return text;
  throw new Error(
    `--egress ${
      JSON.stringify(text)
    }: expected allow=HOST[:PORT[-PORT]][/tcp|/udp] or deny=…, where HOST is a name, *.name, an address, ` +
      "a block such as 10.0.0.0/8, public, private or *",
  );
}

function ports(text: string, whole: string): readonly [first: number, last: number] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]), last = Number(match?.[2] ?? match?.[1]);
  if (match !== null && first >= 1 && last <= 65535 && first <= last) return [first, last];
  throw new Error(
    `--publish ${JSON.stringify(whole)}: ${JSON.stringify(text)} is not a port or a range of ports`,
  );
}

/** `[IP:]PORT`; 127.0.0.1 by itself. */
export function parseListen(text: string): ListenOption {
  const match = /^(?:(\[[^\]]*\]|[^:]*):)?(\d{1,5})$/.exec(text);
  const ip = match?.[1]?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", port = Number(match?.[2]);
  if (match === null || port > 65535 || parseIp(ip) === undefined) {
    throw new Error(`--listen ${JSON.stringify(text)}: expected [IP:]PORT`);
  }
  return { ip, port };
}

/** `[IP:]HOST:CONTAINER[/tcp|/udp]`; HOST and CONTAINER may be ranges of the same length. */
export function parsePublish(text: string): PublishOption[] {
  const match = /^(?:(\[[^\]]*\]|[^:/]*):)?([^:/]+):([^:/]+)(?:\/(\w+))?$/.exec(text);
  if (match === null) {
    throw new Error(`--publish ${JSON.stringify(text)}: expected [IP:]HOST:CONTAINER[/tcp|/udp]`);
  }
  const [, address, host, container, transport = "tcp"] = match as unknown as [
    string,
    string?,
    string?,
    string?,
    string?,
  ];
  if (transport !== "tcp" && transport !== "udp") {
    throw new Error(`--publish ${JSON.stringify(text)}: ${JSON.stringify(transport)} is not tcp or udp`);
  }
  const hostIp = address === undefined || address === "" ? "0.0.0.0" : address.replace(/^\[(.*)\]$/, "$1");
  if (parseIp(hostIp) === undefined) {
    throw new Error(`--publish ${JSON.stringify(text)}: ${JSON.stringify(hostIp)} is not an IP address`);
  }
  const from = ports(host!, text), to = ports(container!, text);
  if (from[1] - from[0] !== to[1] - to[0]) {
    throw new Error(`--publish ${JSON.stringify(text)}: the ranges differ in length`);
  }
  return Array.from({ length: to[1] - to[0] + 1 }, (_, i) => ({
    hostIp,
    hostPort: from[0] + i,
    containerPort: to[0] + i,
    transport,
  }));
}
