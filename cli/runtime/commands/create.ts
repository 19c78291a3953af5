/** `umiak-runtime create`. @module */
import { readBundle } from "../../../runtime/engine/bundle_config.ts";
import { chooseBackend } from "../../../runtime/engine/choose_backend.ts";
import { setHostCommand } from "../../../runtime/engine/host_process.ts";
import type { Container } from "../../../runtime/lifecycle/backend.ts";
import { create } from "../../../runtime/lifecycle/create.ts";
import { listeningSockets, withListening } from "../../../runtime/lifecycle/host/activation.ts";
import { checkId } from "../../../runtime/lifecycle/id.ts";
import type { Parsed } from "../../parser.ts";
import { descriptorsToPass, writePidFile } from "../caller.ts";
import { selfCommand } from "../self.ts";
import type { Runtime } from "../runtime.ts";

/** Creates the container that the arguments describe. */
export async function createFrom(
  parsed: Parsed,
  { globals, context }: Runtime,
  detached: boolean,
): Promise<Container> {
  const id = parsed.args[0]!;
  checkId(id);
  const { bundle, rootfs, config, spec: given } = readBundle(parsed.value("bundle") ?? ".");
  const sockets = listeningSockets(), spec = withListening(given, sockets);
  const pidFile = parsed.value("pid-file"), pidfdSocket = parsed.value("pidfd-socket");
  const consoleSocket = parsed.value("console-socket");
  setHostCommand(selfCommand());
  return await create(context, {
    ...{ id, bundle, rootfs, config, spec },
    backend: chooseBackend(id, spec, bundle, rootfs),
    owner: Deno.uid() ?? 0,
    now: new Date(),
    options: {
      ...consoleSocket === undefined ? {} : { consoleSocket },
      preserveFds: sockets + descriptorsToPass(parsed),
      detached,
      noPivot: parsed.has("no-pivot"),
      noNewKeyring: parsed.has("no-new-keyring"),
      systemdCgroup: globals.has("systemd-cgroup"),
    },
    onCreated: async ({ pid }) => {
      if (pidFile !== undefined) writePidFile(pidFile, pid);
      if (pidfdSocket === undefined) return;
      const { sendPidfd } = await import("../../../runtime/lifecycle/host/send_descriptor.ts");
      sendPidfd(pidfdSocket, pid, "standard");
    },
  });
}

/** Creates a container. */
export async function createCommand(parsed: Parsed, runtime: Runtime): Promise<number> {
  await createFrom(parsed, runtime, true);
  return 0;
}
