/** The network of a container on the real kernel. @module */
import type { PrivateNetwork } from "../../native/network/types.ts";
import type { PublishOption } from "../network_options.ts";
import { RunError, type RunOptions } from "../options.ts";

/** What a container's network is to be. */
export type NativeNetwork =
  | { readonly kind: "host" | "none" }
  | { readonly kind: "private"; readonly publish: readonly PublishOption[] };

/** Where addresses in use are noted; all engines of the host share it. */
export const NETWORK_STATE = "/run/umiak-network";

/**
 * What the options mean: as with docker a network of its own, with a way out, unless something else is said. An ordinary user cannot make one; its
 * containers have the loopback interface only.
 */
export function nativeNetwork({ network }: RunOptions, rootless: boolean): NativeNetwork {
  const { mode, publish = [], listen = [], egress = [] } = network ?? {};
  const refuse = (what: string, why: string): RunError => new RunError(`${what}: ${why}`, 125);
  if (listen.length > 0) throw refuse("--listen", "sockets are handed on by the sandbox backend only");
  if (egress.length > 0 || network?.egressLog !== undefined) {
    throw refuse("--egress", "rules for connections are enforced by the sandbox backend only");
  }
  if (mode === "host" || mode === "none") {
    if (publish.length === 0) return { kind: mode };
    const why = mode === "host" ? "there the container's ports are the host's" : "there is no way in";
    throw refuse(`--publish with --network ${mode}`, why);
  }
  if (!rootless) return { kind: "private", publish };
  if (mode === undefined && publish.length === 0) return { kind: "none" };
  throw refuse(
    mode === undefined ? "--publish" : "--network private",
    "a bridge is root's to make; an ordinary user has --network host and none",
  );
}

/** Connects a container whose init waits. */
export async function setUpNetwork(
  { publish }: Extract<NativeNetwork, { readonly kind: "private" }>,
  containerId: string,
  pid: number,
): Promise<PrivateNetwork> {
  const { setUpPrivateNetwork } = await import("../../native/network/mod.ts");
  return await setUpPrivateNetwork({
    containerId,
    pid,
    publish: publish.map(({ hostIp, hostPort, containerPort, transport }) => ({
      hostAddress: hostIp,
      host: hostPort,
      container: containerPort,
      protocol: transport,
    })),
    stateDirectory: NETWORK_STATE,
  });
}
