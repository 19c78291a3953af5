/** A module alone, without an image around it. @module */
import { S_IFDIR } from "../../fs/abi/mode.ts";
import { type LayerIndex, LayerIndexBuilder } from "../../fs/layerfs/mod.ts";
import type { ExecutionConfig, ImageConfig } from "../config.ts";

/** The configuration that a module without an image has: the module is the entrypoint. */
export function singleModuleConfig(path: string): ImageConfig {
  const config: ExecutionConfig = {
    User: "",
    ExposedPorts: [],
    Env: [],
    Entrypoint: [path],
    Cmd: [],
    Volumes: [],
    WorkingDir: "",
    Labels: {},
    StopSignal: "",
  };
  return { architecture: "wasm", os: "wasi", config, diffIds: [], history: [] };
}

/** The index of a layer that is one file, whose bytes are the blob itself. */
export function singleFileIndex(name: string, size: number, mtimeMs: number): LayerIndex {
  const builder = new LayerIndexBuilder();
  const mtimeSec = Math.floor(mtimeMs / 1000);
  builder.add("/", { mode: S_IFDIR | 0o755, uid: 0, gid: 0, mtimeSec, mtimeNsec: 0 });
  builder.add(name, { mode: 0o100755, uid: 0, gid: 0, mtimeSec, mtimeNsec: 0, size, offset: 0 });
  return builder.build(size);
}
