/** create on Linux: the init is started, goes through its program while the runtime does its part, and waits for start. @module */
import type { Container, CreateRequest, InitProcess } from "../../lifecycle/backend.ts";
import { identify } from "../../lifecycle/host/processes.ts";
import { writeExit } from "../../lifecycle/host/state_directory.ts";
import type { BackendData } from "../../lifecycle/record.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { findPlacement, makeCgroups } from "../cgroups/driver.ts";
import { oomKills } from "../cgroups/oom.ts";
import { closingOnError, type Descriptor, makePipe, whileOpen } from "../ffi/descriptors.ts";
import { thisMachine } from "../ffi/kernel.ts";
import { makeProgramFile } from "../ffi/program_file.ts";
import { spawnProgram } from "../ffi/spawn.ts";
import { isInSteps } from "../program/common.ts";
import { initTable } from "../program/init.ts";
import { SAYS } from "../program/message.ts";
import type { Table } from "../table/compile_table.ts";
import { childOf, keepChild, waitForChild } from "./children.ts";
import { receiveTerminal } from "./console.ts";
import { goOn, receive } from "./conversation.ts";
import { type CgroupEntry, finishEntry, openEntry, spawnIn } from "./cgroup_entry.ts";
import { removeOwnGroups } from "./groups.ts";
import {
  checkPreserved,
  checkTerminal,
  type InitSockets,
  initSockets,
  type Sockets,
} from "./init_sockets.ts";
import { passListener } from "./listener.ts";
import { prepare, type Prepared } from "./prepare.ts";
import {
  type Conversation,
  converseWith,
  end,
  EndedError,
  failureOf,
  siblingOf,
} from "./process_conversation.ts";
import { checkKernel, refuseContainer } from "./refuse.ts";
import { isRootless, mapIds } from "./rootless.ts";
import { runHere } from "./run_here.ts";
import { makeFifos } from "./make_fifos.ts";
import { withUserNamespaces } from "./user_namespace.ts";

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
  place: (pid: number) => void,
): Promise<InitProcess> {
  const { child, table, report, sync } = conversation;
  const init: InitProcess = { ...identify(child.pid), data: dataOf(request, table) };
  place(child.pid);
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
function begin(
  request: CreateRequest,
  prepared: Prepared,
  sockets: InitSockets,
  entry: CgroupEntry,
): Conversation & { readonly inside: boolean } {
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
      const numbers = {
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
        ...{ program, spec, process, preserveFds: options.preserveFds },
        descriptors: { ...numbers, cgroups: entry.tasks },
        ...options.noNewKeyring ? {} : { keyring: `_ses.${id}` },
        endsWithCaller: options.endsWithCaller ?? false,
        ...{ shownToHooks: isRootless(), architecture: thisMachine().architecture },
      });
      const file = own(makeProgramFile(table, directory));
      const preserved = Array.from({ length: options.preserveFds }, (_, i) => 3 + i);
      const spawn = {
        file,
        name: "umiak-init",
        cloneFlags: isInSteps(program) ? 0 : program.cloneFlags,
        ...options.stdio === undefined ? {} : { stdio: options.stdio },
        descriptors: [
          ...[...preserved, ...maps, ...Object.values(numbers)],
          ...entry.tasks.map(({ fd }) => fd),
        ],
      };
      // One that makes the init in steps would count against a limit of tasks.
      const spawned = isInSteps(program)
        ? { child: spawnProgram(spawn), inside: false }
        : spawnIn(entry, spawn);
      return { ...spawned, table, report, sync };
    }));
}

/** Makes a container's environment and its init, which waits for start. */
export async function createInit(request: CreateRequest): Promise<InitProcess> {
  const { spec, options } = request;
  checkKernel();
  refuseContainer(request);
  checkPreserved(options.preserveFds);
  const placement = findPlacement(request), prepared = prepare(request, placement.places);
  const terminal = spec.process?.terminal ?? false;
  checkTerminal(terminal, options.detached, options.consoleSocket);
  const sockets = initSockets(request, prepared), pairs: (Sockets | undefined)[] = Object.values(sockets);
  let conversation: Conversation | undefined, entry: CgroupEntry | undefined;
  try {
    entry = openEntry(makeCgroups(request, placement));
    const begun = begin(request, prepared, sockets, entry);
    conversation = begun;
    for (const pair of pairs) pair?.init.close();
    if (isInSteps(prepared.program)) conversation = { ...conversation, child: await siblingOf(conversation) };
    const talking = conversation;
    const init = await converseWith(talking, () =>
      converse(
        ...[request, prepared, talking, sockets] as const,
        (pid) => finishEntry(request.directory, pid, begun.inside),
      ));
    const master = sockets.console?.own === undefined
      ? {}
      : { terminal: receiveTerminal(sockets.console.own) };
    keepChild(init.pid, { pidfd: conversation.child.pidfd, ...master });
    return init;
  } catch (error) {
    if (conversation !== undefined) end(conversation.child);
    const killed = error instanceof EndedError && oomKills(request.directory) > 0;
    await removeOwnGroups(request.directory);
    if (!killed) throw error;
    const { limit } = spec.linux.resources?.memory ?? {};
    throw new LifecycleError(
      `config.json: linux.resources.memory.limit: ${limit} bytes are too few: the container's init was killed`,
      "failed",
      { cause: error },
    );
  } finally {
    entry?.close();
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
