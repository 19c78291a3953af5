/** The state of a container (runtime.md#state). @module */
import { Cursor, parseJson } from "../../json/mod.ts";

/** The version of the specification that states and defaults comply with. */
export const OCI_VERSION = "1.3.0";

/** Where in its life a container is; `paused` is a state beside those of the specification, as other runtimes have it. */
export type Status = "creating" | "created" | "running" | "stopped" | "paused";

/** What state prints and hooks are told. */
export interface State {
  /** Version of the specification. */
  readonly ociVersion: string;
  /** The container's id. */
  readonly id: string;
  /** Where in its life it is. */
  readonly status: Status;
  /** Its process; there is none before it is created and after it has stopped. */
  readonly pid?: number;
  /** Absolute path of its bundle. */
  readonly bundle: string;
  /** Annotations of its config.json. */
  readonly annotations: Readonly<Record<string, string>>;
}

const STATUSES: readonly string[] = ["creating", "created", "running", "stopped", "paused"];

/** Decodes the JSON of a state. Throws a JsonError that begins with `what` and the path. */
export function parseState(bytes: Uint8Array | string, what = "state"): State {
  const cursor = new Cursor(parseJson(bytes, what), what);
  const status = cursor.field("status");
  if (!STATUSES.includes(status.string())) {
    throw status.error(`unknown status ${JSON.stringify(status.value)}`);
  }
  const pid = cursor.field("pid").optional((value) => value.integer(0, 2 ** 31 - 1));
  return {
    ociVersion: cursor.field("ociVersion").string(),
    id: cursor.field("id").string(),
    status: status.string() as Status,
    ...(pid === undefined ? {} : { pid }),
    bundle: cursor.field("bundle").string(),
    annotations: cursor.field("annotations").stringMap(),
  };
}
