/** `umiak run` on the real kernel: from an image whose content is leased to an exit code. @module */
import { ENOENT } from "../../../fs/abi/errno.ts";
import type { Image } from "../../../image/source.ts";
import { isTreeDirectory, readTreeFile } from "../../../image/store/tree/read_file.ts";
import { SIGNAL } from "../../abi/linux/signal.ts";
import { shellStatus } from "../../abi/linux/wait_status.ts";
import type { Container } from "../../lifecycle/backend.ts";
import { create } from "../../lifecycle/create.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { listenForSignals } from "../../lifecycle/host/signals.ts";
import { kill } from "../../lifecycle/kill.ts";
import { setLongTimeout } from "../../lifecycle/long_timeout.ts";
import { start } from "../../lifecycle/start.ts";
import { showTerminalOn } from "../../native/container/children.ts";
import { StepError } from "../../native/container/step_error.ts";
import { type OpenStreams, openStreams } from "../../native/container/streams.ts";
import type { PrivateNetwork } from "../../native/network/types.ts";
import { encodeSpec } from "../../spec/encode.ts";
import type { ConsoleSize, Spec } from "../../spec/types.ts";
import { loadBackend } from "../backends.ts";
import { RunError, type RunOptions } from "../options.ts";
import type { LeasedImage } from "../leased_image.ts";
import type { Stdio } from "../stdio.ts";
import { type ContainerDirectory, makeContainerDirectory } from "./container_directory.ts";
import { type EtcNetwork, writeEtcFiles } from "./etc_files.ts";
import { nativeSpec } from "./native_spec.ts";
import { type NativeNetwork, nativeNetwork, setUpNetwork } from "./network.ts";
import { copiedRoot, overlayRoot, refusesOverlay, type Root } from "./root.ts";
import { type OwnIds, ownIds } from "./rootless_ids.ts";

/** Largest /etc/passwd or /etc/group that is read. */
const MAX_USER_FILE = 1024 * 1024;
/** How long a program has after --stop-signal, as with docker stop. */
const GRACE_MS = 10_000;

/** What an image is here before there is a container of it. */
interface Ready {
  readonly image: Image;
  readonly options: RunOptions;
  readonly network: NativeNetwork;
  readonly ids: OwnIds | undefined;
  readonly consoleSize: ConsoleSize | undefined;
}

/** Docker's exit code for a container that has not come to be. */
function exitCodeOf(error: unknown): number {
  if (!(error instanceof StepError) || !error.note?.what.startsWith("executing ")) return 125;
  return error.errno === ENOENT ? 127 : 126;
}

/** A message that begins with the name of the image. */
const named = (image: Image, message: string): string =>
  message.startsWith(image.name) ? message : `${image.name}: ${message}`;

/** Limits of an ordinary user's container are in cgroups, which are rarely that user's to make: whoever asked for them has not written a config.json. */
function aboutLimits(message: string, { memory, pidsLimit, cpus }: RunOptions): string {
  const [, why] = /^config\.json: linux\.(?:cgroupsPath|resources[^:]*): (.*)$/s.exec(message) ?? [];
  const asked = Object.entries({ "--memory": memory, "--pids-limit": pidsLimit, "--cpus": cpus })
    .filter(([, value]) => value !== undefined).map(([option]) => option);
  return why === undefined || asked.length === 0
    ? message
    : `${asked.join(", ")}: this user can set no limits here: ${why}`;
}

/** The size of this process's terminal, where a container's is shown on it. */
function sizeOfTerminal({ tty }: RunOptions, own: Stdio): ConsoleSize | undefined {
  if (!tty || own.stdout !== undefined || !Deno.stdout.isTerminal()) return undefined;
  const { columns, rows } = Deno.consoleSize();
  return { width: columns, height: rows };
}

function specOf(
  { image, options, ids, consoleSize }: Ready,
  root: Root,
  { id, path }: ContainerDirectory,
): Spec {
  const tree = root.open();
  try {
    const text = (file: string): string | undefined => {
      const bytes = readTreeFile(tree, file, MAX_USER_FILE);
      return bytes && new TextDecoder().decode(bytes);
    };
    return nativeSpec(image.config, options, {
      imageName: image.name,
      users: { passwd: text("etc/passwd"), group: text("etc/group") },
      hostname: id.slice(0, 12),
      directory: path,
      layers: root.layers,
      isDirectory: (directory) => isTreeDirectory(tree, directory),
      ...consoleSize === undefined ? {} : { consoleSize },
      ids,
    });
  } finally {
    tree.root.close();
  }
}

async function createOn(
  ready: Ready,
  root: Root,
  directory: ContainerDirectory,
  streams: OpenStreams | undefined,
): Promise<{ container: Container; spec: Spec }> {
  const { id, path, context } = directory, { options } = ready;
  const spec = specOf(ready, root, directory);
  writeEtcFiles(`${path}/etc`, spec.hostname ?? id, etcNetwork(ready.network));
  const container = await create(context, {
    ...{ id, bundle: path, rootfs: `${path}/rootfs`, config: encodeSpec(spec), spec },
    backend: "native",
    owner: Deno.uid() ?? 0,
    now: new Date(),
    options: {
      preserveFds: 0,
      detached: false,
      noPivot: false,
      noNewKeyring: false,
      systemdCgroup: false,
      endsWithCaller: true,
      ...streams === undefined ? {} : { stdio: streams.stdio },
    },
  });
  if (options.tty) return { container, spec };
  streams?.begin();
  return { container, spec };
}

function etcNetwork(network: NativeNetwork, made?: PrivateNetwork): EtcNetwork {
  if (network.kind !== "private") return { kind: network.kind };
  return { kind: "private", ...made === undefined ? {} : { address: made.address } };
}

/** Sends the signals that end a container: when its time is over, and when its caller wants it. */
function endings(
  { timeout, signal, stopSignal = SIGNAL.SIGKILL }: RunOptions,
  send: (signal: number) => void,
): () => void {
  const timers: (() => void)[] = [];
  const end = (): void => {
    send(stopSignal);
    if (stopSignal !== SIGNAL.SIGKILL) timers.push(setLongTimeout(() => send(SIGNAL.SIGKILL), GRACE_MS));
  };
  if (timeout !== undefined) timers.push(setLongTimeout(end, timeout));
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end);
  return () => {
    for (const callOff of timers) callOff();
    signal?.removeEventListener("abort", end);
  };
}

/** Shows the container's terminal. With -i the keys come from standard input, which must then be a terminal, as with docker. */
function checkTerminal({ tty, interactive }: RunOptions, own: Stdio): void {
  if (tty && interactive && own.stdin === undefined && !Deno.stdin.isTerminal()) {
    throw new RunError("the input device is not a TTY", 125);
  }
}

/** Starts a container that has been created, and waits for its end. Its exit code. */
async function follow(
  { image, options, network }: Ready,
  { container, spec }: { container: Container; spec: Spec },
  { id, path, context }: ContainerDirectory,
  own: Stdio,
): Promise<number> {
  const { pid } = container.record.init!;
  const made = network.kind === "private" ? await setUpNetwork(network, id, pid) : undefined;
  try {
    if (made !== undefined) writeEtcFiles(`${path}/etc`, spec.hostname ?? id, etcNetwork(network, made));
    if (options.tty) {
      const isRaw = (options.interactive ?? false) && own.stdin === undefined;
      showTerminalOn(pid, {
        keys: own.stdin ?? (options.interactive ? Deno.stdin : undefined),
        screen: own.stdout,
        raw: isRaw,
        resizes: own.stdout === undefined && Deno.stdout.isTerminal(),
      });
    }
    // Signals that come before the program runs are for it, too.
    const early: number[] = [];
    let send = (signal: number): void => void early.push(signal);
    const forgetSignals = listenForSignals((signal) => send(signal));
    try {
      await start(context, id);
      send = (signal) => {
        kill(context, id, signal).catch(() => {}); // it has just ended
      };
      for (const signal of early) send(signal);
      const forgetEndings = endings(options, send);
      try {
        const backend = await loadBackend("native");
        return shellStatus(await backend.wait(container));
      } finally {
        forgetEndings();
      }
    } finally {
      forgetSignals();
    }
  } catch (error) {
    if (error instanceof LifecycleError || error instanceof RunError) throw error;
    throw new RunError(named(image, (error as Error).message), 125, { cause: error });
  } finally {
    await made?.dispose();
  }
}

/** Runs a container of a leased image in the foreground. The lease is given back. See runImage(). */
export async function runNative(leased: LeasedImage, options: RunOptions, own: Stdio = {}): Promise<number> {
  const { image, store } = leased;
  const warn = (message: string): void => console.error(`umiak: ${message}`);
  let directory: ContainerDirectory | undefined, streams: OpenStreams | undefined;
  try {
    checkTerminal(options, own);
    const ids = ownIds();
    const network = nativeNetwork(options, ids !== undefined);
    const ready: Ready = {
      ...{ image, network, ids, consoleSize: sizeOfTerminal(options, own) },
      options: {
        ...options,
        network: { ...options.network, mode: network.kind === "host" ? "host" : "none" },
      },
    };
    directory = await makeContainerDirectory(store.root, warn);
    const open = (): OpenStreams | undefined =>
      options.tty ? undefined : openStreams({
        stdin: own.stdin ?? (options.interactive ? "own" : undefined),
        ...{ stdout: own.stdout, stderr: own.stderr },
      });
    streams = open();
    let made;
    try {
      made = await createOn(
        ready,
        await overlayRoot(leased, ready, directory.path, warn),
        directory,
        streams,
      );
    } catch (error) {
      if (!refusesOverlay(error)) throw error;
      warn(`${named(image, (error as Error).message)}: the container gets a copy of the image's files`);
      made = await createOn(ready, await copiedRoot(leased, ready, directory.path), directory, streams);
    }
    return await follow(ready, made, directory, own);
  } catch (error) {
    if (error instanceof RunError) throw error;
    const { message } = error as Error;
    const text = Deno.uid() === 0 ? message : aboutLimits(message, options);
    throw new RunError(named(image, text), exitCodeOf(error), { cause: error });
  } finally {
    try {
      await directory?.remove();
    } finally {
      await streams?.finish();
      store.close();
      image.close();
    }
  }
}
