/** create (runtime.md#create). @module */
import { HOOK_NAMES } from "../spec/hook_types.ts";
import type { Spec } from "../spec/types.ts";
import { capabilityWarnings } from "../spec/warnings.ts";
import type { Container, CreateOptions, InitProcess } from "./backend.ts";
import { checkStreams, containerOf, type Context } from "./context.ts";
import { runHooks } from "./hooks.ts";
import { checkId } from "./id.ts";
import type { ContainerRecord } from "./record.ts";
import { stateOf } from "./status.ts";
import { undo } from "./undo.ts";

/** What is to be created. */
export interface Creation {
  /** Its id. */
  readonly id: string;
  /** Absolute path of the bundle. */
  readonly bundle: string;
  /** Absolute path of the root filesystem. */
  readonly rootfs: string;
  /** Text of config.json. */
  readonly config: string;
  /** What it says. */
  readonly spec: Spec;
  /** Name of the backend that runs it. */
  readonly backend: string;
  /** Options. */
  readonly options: CreateOptions;
  /** User id of who asks. */
  readonly owner: number;
  /** Now. */
  readonly now: Date;
  /** Called last, while it can still be taken back: writes a pid file, say. */
  readonly onCreated?: (init: InitProcess) => Promise<void> | void;
}

function newRecord({ id, bundle, rootfs, spec, backend, owner, now }: Creation): ContainerRecord {
  return {
    id,
    ociVersion: spec.ociVersion,
    bundle,
    rootfs,
    annotations: spec.annotations,
    backend,
    created: now.toISOString(),
    owner,
    complete: false,
    startable: spec.process !== undefined,
    hooks: HOOK_NAMES.filter((name) => (spec.hooks?.[name].length ?? 0) > 0),
    data: {},
  };
}

/** Makes a container. If it throws, there is none. */
export async function create(context: Context, creation: Creation): Promise<Container> {
  const { id, bundle, rootfs, spec, options } = creation;
  checkId(id);
  for (const warning of capabilityWarnings(spec.process)) context.warn(warning);
  const backend = await context.backend(creation.backend);
  checkStreams(backend, options, `creating container ${JSON.stringify(id)}`);
  const container = await context.store.create(newRecord(creation), creation.config);
  const note = (init: InitProcess, complete: boolean): void => {
    const { pid, startTime, data } = init;
    container.write({ ...newRecord(creation), init: { pid, startTime }, data, complete });
  };
  try {
    const init = await backend.create({
      id,
      bundle,
      rootfs,
      spec,
      directory: container.directory,
      options,
      note: context.note,
      warn: context.warn,
      environmentCreated: async (process) => {
        note(process, false);
        if (spec.hooks === undefined) return;
        const state = stateOf(container, "creating");
        await runHooks(context.runHook, spec.hooks, "prestart", state);
        await runHooks(context.runHook, spec.hooks, "createRuntime", state);
      },
    });
    note(init, true);
    await creation.onCreated?.(init);
    return containerOf(container);
  } catch (error) {
    await undo(context, container, spec.hooks, error);
    throw error;
  } finally {
    container.release();
  }
}
