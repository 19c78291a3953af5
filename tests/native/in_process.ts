/** Native containers of this process: what an engine does, without a process for each verb. @module */
import assert from "node:assert/strict";
import { create } from "../../runtime/lifecycle/create.ts";
import type { Container } from "../../runtime/lifecycle/backend.ts";
import type { Context } from "../../runtime/lifecycle/context.ts";
import { deleteContainer } from "../../runtime/lifecycle/delete.ts";
import { hostContext } from "../../runtime/lifecycle/host/mod.ts";
import { start } from "../../runtime/lifecycle/start.ts";
import { nativeBackend } from "../../runtime/native/container/backend.ts";
import { parseSpec } from "../../runtime/spec/decode.ts";

/** Operations on containers below a state directory. */
export function nativeContext(root: string): Context {
  return hostContext(root, () => Promise.resolve(nativeBackend), { warn: () => {}, note: () => {} });
}

/** A bundle as it is read once. */
export interface ReadBundle {
  /** Absolute path. */
  readonly path: string;
  /** Text of its config.json. */
  readonly config: string;
}

/** Reads a bundle. */
export function readBundle(path: string): ReadBundle {
  return { path, config: Deno.readTextFileSync(`${path}/config.json`) };
}

/** Makes a container. */
export function createFrom(context: Context, { path, config }: ReadBundle, id: string): Promise<Container> {
  return create(context, {
    ...{ id, bundle: path, rootfs: `${path}/rootfs`, config, spec: parseSpec(config) },
    ...{ backend: "native", owner: 0, now: new Date() },
    options: {
      ...{ preserveFds: 0, detached: true, noPivot: false, noNewKeyring: false, systemdCgroup: false },
    },
  });
}

/** One container from create to delete. Its wait status. */
export async function wholeLife(context: Context, bundle: ReadBundle, id: string): Promise<number> {
  const container = await createFrom(context, bundle, id);
  await start(context, id);
  const status = await nativeBackend.wait(container);
  await deleteContainer(context, id);
  return status;
}

/** The same, which must end with exit code 0. */
export async function wholeLifeOk(context: Context, bundle: ReadBundle, id: string): Promise<void> {
  assert.equal(await wholeLife(context, bundle, id), 0, id);
}
