/** Socket activation (sd_listen_fds(3)): the caller's sockets are the container's, and its process is told so, as by runc. @module */
import type { Spec } from "../../spec/types.ts";

/** How many sockets, from descriptor 3 on, this process has been given. */
export function listeningSockets(): number {
  if (Deno.env.get("LISTEN_PID") !== String(Deno.pid)) return 0;
  const count = Number(Deno.env.get("LISTEN_FDS") ?? 0);
  return Number.isInteger(count) && count > 0 ? count : 0;
}

/** The specification of a container whose process has them. It is the first of its pid namespace. */
export function withListening(spec: Spec, count: number): Spec {
  const { process } = spec;
  if (count === 0 || process === undefined) return spec;
  return { ...spec, process: { ...process, env: [...process.env, `LISTEN_FDS=${count}`, "LISTEN_PID=1"] } };
}
