/**
 * Private networks of native containers: a bridge of the host, `eth0` in the container, its own address on the way out hidden behind the
 * host's, and ports of the host that lead in. IPv4 only; needs root, and nf_tables in the kernel.
 * @module
 */
import { attach, detach, reclaim } from "./attach.ts";
import { format } from "./ipv4.ts";
import { openPorts } from "./ports/mod.ts";
import { withSockets } from "./sockets.ts";
import { exists, locked } from "./state.ts";
import type { PrivateNetwork, PrivateNetworkRequest } from "./types.ts";

export type { PrivateNetwork, PrivateNetworkRequest, PublishedPort } from "./types.ts";

/**
 * Sets up a container's network. The published ports are this process's own: they end with it at the latest, and the container's address and
 * links when it has ended and something else is set up or cleaned up. Throws an Error that says what cannot be had; nothing is left then.
 */
export async function setUpPrivateNetwork(request: PrivateNetworkRequest): Promise<PrivateNetwork> {
  const { stateDirectory, publish } = request;
  const ports = openPorts(publish); // first: one that is taken already costs nothing yet
  try {
    const { lease, network } = await locked(
      stateDirectory,
      (place) => withSockets((sockets) => attach(sockets, place, request)),
    );
    const address = format(lease.address);
    ports.leadTo(address);
    const end = async (): Promise<void> => {
      await ports.close();
      await locked(stateDirectory, (place) => withSockets((sockets) => detach(sockets, place, lease)));
    };
    let ended: Promise<void> | undefined;
    return {
      ...{ address, gateway: format(network.gateway), prefix: network.prefix },
      published: ports.published,
      dispose: () => ended ??= end(),
    };
  } catch (error) {
    await ports.close();
    throw error;
  }
}

/** Removes what containers that have ended without their engine have left: their links and addresses, and with the last one the bridge and its rules. */
export async function cleanUpPrivateNetworks(stateDirectory: string): Promise<void> {
  if (!exists(stateDirectory)) return;
  await locked(stateDirectory, (place) => {
    if (exists(place)) withSockets((sockets) => reclaim(sockets, place));
  });
}
