/** /etc/hosts, /etc/resolv.conf and /etc/hostname of a container: files of its directory, which are bound over what the image has, as docker does. @module */
import type { MountSpec } from "../../spec/types.ts";

/** A container's network, as its files tell of it. */
export type EtcNetwork =
  /** The host's: its names are the container's, too. */
  | { readonly kind: "host" }
  /** The loopback interface only. */
  | { readonly kind: "none" }
  /** A network of its own: its address there, once it is known. */
  | { readonly kind: "private"; readonly address?: string };

const NAMES: readonly string[] = ["hosts", "resolv.conf", "hostname"];
/** What systemd-resolved writes for those who cannot ask it: its own stub is at a loopback address of the host. */
const BEHIND_STUB = "/run/systemd/resolve/resolv.conf";
/** Largest file of the host that is read. */
const MAX_FILE = 1024 * 1024;

const LOCAL = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "ff00::0\tip6-mcastprefix",
  "ff02::1\tip6-allnodes",
  "ff02::2\tip6-allrouters",
];

function hostFile(path: string): string {
  try {
    return Deno.statSync(path).size > MAX_FILE ? "" : Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** Text of /etc/hosts. */
export function hostsText(hostname: string, network: EtcNetwork, ofHost: string): string {
  // The container's own name, where the host's file has not got it: as Debian has it, it is the machine itself.
  const own = (address: string): string => `${address}\t${hostname}`;
  if (network.kind === "host") {
    const lines = ofHost.split("\n").filter((line) => line !== "");
    const known = lines.some((line) => line.replace(/#.*/, "").split(/\s+/).slice(1).includes(hostname));
    return [...lines, ...known ? [] : [own("127.0.1.1")]].join("\n") + "\n";
  }
  const address = network.kind === "private" ? network.address : "127.0.1.1";
  return [...LOCAL, ...address === undefined ? [] : [own(address)]].join("\n") + "\n";
}

const isLoopback = (address: string): boolean => /^(127\.|::1$)/.test(address);

/** Text of /etc/resolv.conf: a private network does not reach servers at the host's loopback addresses. */
export function resolvText(network: EtcNetwork, ofHost: string, behindStub: string): string {
  if (network.kind !== "private") return ofHost;
  const servers = (text: string): string[] =>
    text.split("\n").flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
  const text = servers(ofHost).every(isLoopback) && servers(behindStub).length > 0 ? behindStub : ofHost;
  const lines = text.split("\n").filter((line) => {
    const server = /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
    return line !== "" && (server === undefined || !isLoopback(server));
  });
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Writes the files into a directory; those that are there keep their inodes, which the container may have bound. */
export function writeEtcFiles(directory: string, hostname: string, network: EtcNetwork): void {
  const texts: Readonly<Record<string, string>> = {
    hosts: hostsText(hostname, network, hostFile("/etc/hosts")),
    "resolv.conf": resolvText(network, hostFile("/etc/resolv.conf"), hostFile(BEHIND_STUB)),
    hostname: `${hostname}\n`,
  };
  Deno.mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const name of NAMES) {
    Deno.writeTextFileSync(`${directory}/${name}`, texts[name]!);
    Deno.chmodSync(`${directory}/${name}`, 0o644); // whatever the umask is: every user of the container reads them
  }
}

/** The binds of the files, but for the places that the caller mounts something on. */
export function etcMounts(directory: string, taken: ReadonlySet<string>): MountSpec[] {
  return NAMES.filter((name) => !taken.has(`/etc/${name}`)).map((name) => ({
    destination: `/etc/${name}`,
    type: "bind",
    source: `${directory}/${name}`,
    options: ["rbind", "rprivate"],
  }));
}
