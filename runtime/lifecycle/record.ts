/** What is written down about a container: state.json of its directory. @module */
import { Cursor, parseJson } from "../../json/mod.ts";

/** A process of the host, and what tells it from a later one of the same number. */
export interface ProcessIdentity {
  /** Its id, as the runtime sees it. */
  readonly pid: number;
  /** When it began, in the system's own words; "" where the system has none. */
  readonly startTime: string;
}

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a backend wants to remember of a container. */
export interface BackendData {
  /** Its own names. */
  readonly [name: string]: Json;
}

/** See the module's comment. */
export interface ContainerRecord {
  /** Its id. */
  readonly id: string;
  /** Version of the specification that its config.json names. */
  readonly ociVersion: string;
  /** Absolute path of the bundle. */
  readonly bundle: string;
  /** Absolute path of the root filesystem. */
  readonly rootfs: string;
  /** Annotations of its config.json. */
  readonly annotations: Readonly<Record<string, string>>;
  /** What runs it. */
  readonly backend: string;
  /** When it was made: ISO 8601. */
  readonly created: string;
  /** User id of who made it. */
  readonly owner: number;
  /** False while `create` is at work. */
  readonly complete: boolean;
  /** It has a process to start. */
  readonly startable: boolean;
  /** Points at which it has hooks. */
  readonly hooks: readonly string[];
  /** Its process, as soon as there is one. */
  readonly init?: ProcessIdentity;
  /** What its backend wants to remember. */
  readonly data: BackendData;
}

/** Decodes state.json. Throws a JsonError that begins with `what`. */
export function parseRecord(text: string, what: string): ContainerRecord {
  const cursor = new Cursor(parseJson(text, what), what);
  const string = (name: string): string => cursor.field(name).string();
  const init = cursor.field("init").optional((value) => ({
    pid: value.field("pid").integer(1, 2 ** 31 - 1),
    startTime: value.field("startTime").string(),
  }));
  return {
    id: string("id"),
    ociVersion: string("ociVersion"),
    bundle: string("bundle"),
    rootfs: string("rootfs"),
    annotations: cursor.field("annotations").stringMap(),
    backend: string("backend"),
    created: string("created"),
    owner: cursor.field("owner").integer(0),
    complete: cursor.field("complete").boolean(),
    startable: cursor.field("startable").boolean(),
    hooks: cursor.field("hooks").strings(),
    ...(init === undefined ? {} : { init }),
    data: cursor.field("data").object() as BackendData,
  };
}
