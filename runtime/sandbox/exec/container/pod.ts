/**
 * Pods: containers that share namespaces of the userland kernel. A path of config.json's linux.namespaces names one of them when it is the
 * namespace file of a process that is a container on the userland kernel; the new container is then hosted where that one is.
 * @module
 */
import { LifecycleError } from "../../../lifecycle/error.ts";
import { hostProcesses } from "../../../lifecycle/host/processes.ts";
import { type ContainerRecord, parseRecord } from "../../../lifecycle/record.ts";
import type { NamespaceSpec, Spec } from "../../../spec/types.ts";
import { controlPath } from "./sockets.ts";

/** A namespace to be joined, of a container that the same process hosts. */
export interface JoinedNamespace {
  /** Directory of that container's state. */
  readonly directory: string;
  /** Name of the file below /proc/PID/ns. */
  readonly file: string;
}

/** Where a container that joins others is hosted. */
export interface Pod {
  /** Directory of the state of the container whose process hosts all of them. */
  readonly directory: string;
  /** The socket on which that process takes orders. */
  readonly control: string;
  /** What is to be joined, by the type of the namespace. */
  readonly joined: Readonly<Record<string, JoinedNamespace>>;
}

/** A process that is a container. */
interface Hosted {
  readonly record: ContainerRecord;
  readonly directory: string;
}

function read(directory: string): ContainerRecord | undefined {
  try {
    return parseRecord(Deno.readTextFileSync(`${directory}/state.json`), "state.json");
  } catch {
    return undefined; // no container, one on its way out, or one whose state is broken: nobody can be hosted there
  }
}

/** Directories of state that a process may be the one of: those beside our own, and what its command line says (on Linux, any root). */
function* candidates(pid: number, own: string): Iterable<string> {
  const root = own.slice(0, own.lastIndexOf("/"));
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (isDirectory && !name.startsWith("~")) yield `${root}/${name}`;
  }
  try {
    // A command line claims; the record decides. Nobody else's: whose files are read and whose socket is told is ours.
    const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
    for (const [i, word] of words.entries()) {
      const directory = words[i + 1];
      if ((word === "host" || word === "member") && directory?.startsWith("/")) {
        if (Deno.statSync(directory).uid === Deno.uid()) yield directory;
      }
    }
  } catch {
    // No such process, not ours to look at, or a system without /proc.
  }
}

/** The container on the userland kernel that a process of the host is. The record's start time tells it from a later one of the same number. */
function hostedBy(pid: number, own: string): Hosted | undefined {
  for (const directory of candidates(pid, own)) {
    const record = directory === own ? undefined : read(directory);
    if (record?.backend === "sandbox" && record.init?.pid === pid && hostProcesses.isAlive(record.init)) {
      return { record, directory };
    }
  }
}

/** The directory of the container whose process hosts this one. */
const hostOf = ({ record, directory }: Hosted): string =>
  typeof record.data.pod === "string" ? record.data.pod : directory;

function refuse({ type, path }: NamespaceSpec, why: string): LifecycleError {
  return new LifecycleError(`joining the ${type} namespace ${path}: ${why}`, "invalid");
}

/** The pod that a container of this specification belongs to; undefined if it belongs to none. `own` is the directory of its state. */
export function podOf(spec: Spec, own: string): Pod | undefined {
  const withPath = spec.linux.namespaces.filter(({ path }) => path !== undefined);
  const found = withPath.map((namespace) => {
    const [, pid, file] = /^\/proc\/(\d+)\/ns\/(\w+)$/.exec(namespace.path!) ?? [];
    return { namespace, file: file!, hosted: pid === undefined ? undefined : hostedBy(Number(pid), own) };
  });
  const first = found.find(({ hosted }) => hosted !== undefined);
  if (first === undefined) return undefined;
  const directory = hostOf(first.hosted!);
  const joined: Record<string, JoinedNamespace> = {};
  for (const { namespace, file, hosted } of found) {
    const other = `${first.namespace.path} is one of container ${JSON.stringify(first.hosted!.record.id)}`;
    if (hosted === undefined) throw refuse(namespace, `it is a namespace of the host, but ${other}`);
    if (hostOf(hosted) !== directory) throw refuse(namespace, `it is one of another pod: ${other}`);
    if (namespace.type === "mount") {
      throw refuse(namespace, "the container's root filesystem is not in that namespace");
    }
    joined[namespace.type] = { directory: hosted.directory, file };
  }
  const host = read(directory);
  if (host === undefined) throw refuse(first.namespace, "the container whose process hosts it has gone");
  const { sockets } = host.data;
  return { directory, control: controlPath(typeof sockets === "string" ? sockets : directory), joined };
}
