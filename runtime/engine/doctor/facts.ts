/** Finding out about this machine. @module */
import { defaultRoot as defaultStore } from "../../../image/store/default_root.ts";
import { defaultRoot as defaultState } from "../../lifecycle/host/default_root.ts";
import type { LinuxFacts } from "../../native/probe/facts.ts";
import { ownIds } from "../native/rootless_ids.ts";
import { isNot, tryDirectory } from "./directory.ts";
import { tryJspi } from "./jspi.ts";
import { whyOneId } from "./one_id.ts";
import type { DirectoryFacts, HostFacts } from "./types.ts";

/** Files and directories of the store, by name. */
const STORE: Readonly<Record<string, "isFile" | "isDirectory">> = {
  ...{ "index.json": "isFile", "oci-layout": "isFile", "gc.lock": "isFile" },
  ...{ blobs: "isDirectory", containers: "isDirectory", ingest: "isDirectory" },
  ...{ layers: "isDirectory", leases: "isDirectory", tmp: "isDirectory", trees: "isDirectory" },
};

/** Where things are, in place of the user's own. */
export interface DoctorOptions {
  /** The store. */
  readonly storeRoot?: string;
  /** The records of containers. */
  readonly stateRoot?: string;
}

async function stateFacts(root: string | undefined): Promise<DirectoryFacts | undefined> {
  let path: string;
  try {
    path = root ?? defaultState();
  } catch {
    return undefined;
  }
  const { place: _place, ...facts } = await tryDirectory(
    path,
    (entry, name) =>
      name.startsWith("~")
        ? undefined
        : isNot("isDirectory", entry) ?? isNot("isFile", `${entry}/state.json`) ??
          isNot("isFile", `${entry}/lock`),
  );
  return facts;
}

/** System calls are tried where containers' files would be; elsewhere if that cannot be written in. */
async function linuxFacts(place: string | undefined): Promise<LinuxFacts | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const { probeLinux } = await import("../../native/probe/mod.ts");
  const ids = ownIds();
  if (place !== undefined) return probeLinux(place, ids);
  const temporary = Deno.makeTempDirSync({ prefix: "umiak-doctor-" });
  try {
    return probeLinux(temporary, ids);
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
}

/** Finds out. */
export async function probeHost({ storeRoot, stateRoot }: DoctorOptions = {}): Promise<HostFacts> {
  const { place, ...store } = await tryDirectory(storeRoot ?? defaultStore(), (entry, name) => {
    const kind = Object.hasOwn(STORE, name) ? STORE[name] : undefined;
    return kind === undefined ? undefined : isNot(kind, entry);
  });
  return {
    os: Deno.build.os,
    architecture: Deno.build.arch,
    jspi: await tryJspi(),
    store,
    state: await stateFacts(stateRoot),
    linux: await linuxFacts(place),
    oneId: Deno.build.os === "linux" ? whyOneId(ownIds()) : undefined,
  };
}
