/** create on Linux: the init is started, goes through its program while the runtime does its part, and waits for start. @module */
import type { Container, CreateRequest, InitProcess } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { identify } from "../../lifecycle/host/processes.ts";
import { writeExit } from "../../lifecycle/host/state_directory.ts";
import type { BackendData } from "../../lifecycle/record.ts";
import { closingOnError, Descriptor, isInherited, makePipe, whileOpen } from "../ffi/descriptors.ts";
import { sys, thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { type Child, spawnProgram } from "../ffi/spawn.ts";
import { socketPair } from "../ffi/unix_sockets.ts";
import { waitFor, waitNow } from "../ffi/wait.ts";
import { isInSteps } from "../program/common.ts";
import { initTable } from "../program/init.ts";
import { SAYS } from "../program/protocol.ts";
import type { Table } from "../table/compile_table.ts";
import { childOf, keepChild, waitForChild } from "./children.ts";
import { connectConsole, receiveTerminal } from "./console.ts";
import { goOn, receive, StepError } from "./conversation.ts";
import { makeCgroups } from "../cgroups/driver.ts";
import { enterCgroups } from "../cgroups/members.ts";
import { removeOwnGroups } from "./groups.ts";
import { type ListenerSockets, listenerSockets, passListener } from "./listener.ts";
import { hasCopies } from "./has_copies.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { checkKernel, refuseContainer } from "./refuse.ts";
import { isRootless, mapIds } from "./rootless.ts";
import { runHere } from "./run_here.ts";
import { makeFifos } from "./start_fifos.ts";
import { withUserNamespaces } from "./user_namespace.ts";

const SIGKILL = 9;

/** Throws unless the descriptors that the process is to get are there. */
export function checkPreserved(count: number): void {
  for (let fd = 3; fd < 3 + count; fd++) {
    if (isInherited(fd)) continue;
    throw new LifecycleError(`--preserve-fds ${count}: descriptor ${fd} is not open`, "invalid");
  }
}

/** Throws if a process is to have a terminal that nobody could get hold of. */
export function checkTerminal(terminal: boolean, detached: boolean, consoleSocket: string | undefined): void {
  if (terminal && detached && consoleSocket === undefined) {
    throw new LifecycleError(
      "cannot allocate tty if the caller will detach without setting console socket",
      "invalid",
    );
  }
  if (!terminal && consoleSocket !== undefined) {
    throw new LifecycleError("--console-socket: the process has no terminal", "invalid");
  }
}

/** A process that has been started, and how it is talked to. */
export interface Conversation {
  /** The child that began it; of a container with namespaces that need it, not the init yet. */
  readonly child: Child;
  /** What it does. */
  readonly table: Table;
  /** What it says. */
  readonly report: Descriptor;
  /** Where it is told to go on. */
  readonly sync: Descriptor;
}

/** The error for what an init has said, or has not. */
export async function failureOf(
  { child, table }: Conversation,
  said: Awaited<ReturnType<typeof receive>>,
): Promise<Error> {
  if (said !== null && "failed" in said) {
    return new StepError(said.failed, table.notes.get(said.record), "failed");
  }
  sys("pidfd_send_signal", child.pidfd.fd, SIGKILL, 0, 0);
  const status = await waitFor(child.pidfd.fd);
  const how = (status & 0x7f) === 0 ? `exit code ${status >>> 8}` : `signal ${status & 0x7f}`;
  return new LifecycleError(`the container's init ended unexpectedly (${how})`, "failed");
}

/** The init, when its maker has made it. The maker is waited for. */
export async function siblingOf(conversation: Conversation): Promise<Child> {
  const said = await receive(conversation.report);
  if (said === null || !("says" in said) || said.says !== SAYS.pid) throw await failureOf(conversation, said);
  const { child } = conversation;
  const pidfd = sys("pidfd_open", said.number, 0); // it is a child, and has not been waited for: nobody else can have its number
  await waitFor(child.pidfd.fd);
  child.pidfd.close();
  if (pidfd < 0) throw new LifecycleError("the container's init ended unexpectedly", "failed");
  return { pid: said.number, pidfd: new Descriptor(pidfd) };
}

/** Kills a child that has come to nothing. */
export function end(child: Child): void {
  sys("pidfd_send_signal", child.pidfd.fd, SIGKILL, 0, 0);
  try {
    waitNow(child.pidfd.fd);
  } catch {
    // It has been waited for.
  }
  child.pidfd.close();
}

interface Sockets {
  readonly init: Descriptor;
  readonly own?: Descriptor;
}

/** Sockets for a process's terminal. */
export function consoleSockets(terminal: boolean, path: string | undefined): Sockets | undefined {
  if (!terminal) return undefined;
  if (path !== undefined) return { init: connectConsole(path) };
  const [init, own] = socketPair("making a console socket");
  return { init, own };
}

/** Sockets by which an init hands out descriptors. */
interface InitSockets {
  /** Of its terminal. */
  readonly console?: Sockets | undefined;
  /** Of the listener of its filter. */
  readonly listener?: ListenerSockets | undefined;
  /** Of directories that are to be copied. */
  readonly copies?: ListenerSockets | undefined;
}

/** Those that an init needs. */
function initSockets({ spec, options }: CreateRequest, { program }: Prepared): InitSockets {
  const [init, own] = hasCopies(program) ? socketPair("making a socket for copies") : [];
  try {
    return {
      console: consoleSockets(spec.process?.terminal ?? false, options.consoleSocket),
      copies: init === undefined ? undefined : { init, own: own! },
      listener: listenerSockets(spec.linux.seccomp),
    };
  } catch (error) {
    init?.close();
    own?.close();
    throw error;
  }
}

/** Names of what can go wrong after create: start is another process, and has no table. */
function notesForStart(table: Table): Record<string, [string, string | null]> {
  const created = [...table.notes].findLast(([, { what }]) => what.startsWith("leaving the runtime"))![0];
  return Object.fromEntries(
    [...table.notes].filter(([record]) => record > created).map((
      [record, { what, call }],
    ) => [record, [what, call]]),
  );
}

/** What start, exec and delete have to know. */
function dataOf({ spec }: CreateRequest, table: Table): BackendData {
  const pid = spec.linux.namespaces.find(({ type }) => type === "pid");
  return {
    notes: notesForStart(table),
    pidNamespace: pid === undefined ? "none" : pid.path === undefined ? "new" : "joined",
  };
}

async function converse(
  request: CreateRequest,
  prepared: Prepared,
  conversation: Conversation,
  { listener, copies }: InitSockets,
): Promise<InitProcess> {
  const { child, table, report, sync } = conversation;
  const init: InitProcess = { ...identify(child.pid), data: dataOf(request, table) };
  makeCgroups(request);
  enterCgroups(request.directory, child.pid);
  if (request.spec.linux.intelRdt !== undefined) {
    const { enterGroups, makeGroups } = await import("../resctrl/groups.ts");
    makeGroups(request.id, request.spec.linux.intelRdt, request.directory);
    enterGroups(request.directory, child.pid);
  }
  if (isRootless()) mapIds(child.pid, request.spec.linux);
  runHere(prepared.program.parent ?? [], child.pid);
  goOn(sync);
  for (;;) {
    const said = await receive(report);
    if (said === null || !("says" in said)) throw await failureOf(conversation, said);
    if (said.says === SAYS.network) {
      const { moveDevices } = await import("../network/devices.ts");
      moveDevices(request.id, request.spec.linux.netDevices ?? [], child.pid);
      goOn(sync);
    } else if (said.says === SAYS.environment) {
      await request.environmentCreated(init);
      if ((request.spec.hooks?.createContainer.length ?? 0) > 0) {
        const { runHooksIn } = await import("./hooks.ts");
        await runHooksIn(child, "createContainer", request);
      }
      goOn(sync);
    } else if (said.says === SAYS.copy) {
      const { copyFor } = await import("./copy_for.ts");
      await copyFor(copies!.own, request, child.pid);
      goOn(sync);
    } else if (said.says === SAYS.listener) {
      const { id, bundle, spec: { annotations, ociVersion, linux } } = request;
      const state = { ociVersion, id, status: "creating", pid: child.pid, bundle, annotations } as const;
      await passListener(listener!, linux.seccomp!, child.pid, state);
      goOn(sync);
    } else if (said.says === SAYS.created) {
      goOn(sync);
      return init;
    }
  }
}

/** Starts the init of a container. What it alone needs is closed here. */
function begin(request: CreateRequest, prepared: Prepared, sockets: InitSockets): Conversation {
  const { id, spec, directory, options } = request, { process } = prepared;
  const maps: number[] = [];
  const [report, reporting] = makePipe("talking to the container's init");
  const [syncing, sync] = makePipe("talking to the container's init");
  return closingOnError([report, sync], () =>
    whileOpen((own) => {
      const [start, result] = [...makeFifos(directory), reporting, syncing].map(own) as [
        Descriptor,
        Descriptor,
      ];
      const descriptors = {
        ...{ report: reporting.fd, sync: syncing.fd, start: start.fd, result: result.fd },
        ...Object.fromEntries(
          Object.entries(sockets).flatMap(([name, pair]: [string, Sockets | undefined]) =>
            pair === undefined ? [] : [[name, pair.init.fd]]
          ),
        ),
      };
      const program = withUserNamespaces(
        prepared.program,
        directory,
        spec.linux.namespaces.some(({ type }) => type === "user"),
        (made) => (maps.push(made.fd), own(made)),
      );
      const table = initTable({
        ...{ program, spec, process, descriptors, preserveFds: options.preserveFds },
        ...options.noNewKeyring ? {} : { keyring: `_ses.${id}` },
        endsWithCaller: options.endsWithCaller ?? false,
        architecture: thisMachine().architecture,
      });
      const file = own(makeProgramFile(table, directory));
      const preserved = Array.from({ length: options.preserveFds }, (_, i) => 3 + i);
      const child = spawnProgram({
        file,
        name: "umiak-init",
        cloneFlags: isInSteps(program) ? 0 : program.cloneFlags,
        ...options.stdio === undefined ? {} : { stdio: options.stdio },
        descriptors: [...preserved, ...maps, ...Object.values(descriptors)],
      });
      return { child, table, report, sync };
    }));
}

/** Makes a container's environment and its init, which waits for start. */
export async function createInit(request: CreateRequest): Promise<InitProcess> {
  const { spec, options } = request;
  checkKernel();
  refuseContainer(request);
  checkPreserved(options.preserveFds);
  const prepared = prepare(request);
  const terminal = spec.process?.terminal ?? false;
  checkTerminal(terminal, options.detached, options.consoleSocket);
  const sockets = initSockets(request, prepared), pairs: (Sockets | undefined)[] = Object.values(sockets);
  let conversation: Conversation | undefined;
  try {
    conversation = begin(request, prepared, sockets);
    for (const pair of pairs) pair?.init.close();
    if (isInSteps(prepared.program)) conversation = { ...conversation, child: await siblingOf(conversation) };
    const init = await converse(request, prepared, conversation, sockets);
    const master = sockets.console?.own === undefined
      ? {}
      : { terminal: receiveTerminal(sockets.console.own) };
    keepChild(init.pid, { pidfd: conversation.child.pidfd, ...master });
    return init;
  } catch (error) {
    if (conversation !== undefined) end(conversation.child);
    await removeOwnGroups(request.directory);
    throw error;
  } finally {
    conversation?.report.close();
    conversation?.sync.close();
    for (const socket of pairs.flatMap((pair) => [pair?.init, pair?.own])) socket?.close();
  }
}

/** Waits for the end of an init that this process has started. Its wait status, which is noted in the container's directory. */
export async function waitForInit({ record, directory }: Container): Promise<number> {
  const child = childOf(record.init!.pid);
  if (child === undefined) throw new Error(`container ${record.id} was created by another process`);
  const status = await waitForChild(record.init!.pid, child);
  try {
    writeExit(directory, { status });
  } catch {
    // The container has been deleted.
  }
  return status;
}
