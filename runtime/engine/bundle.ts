/** `umiak image unpack`: an image as a bundle on disk. @module */
import type { ImageConfig } from "../../image/config.ts";
import type { Platform } from "../../image/platform.ts";
import { type ImageReference, parseReference, referenceText } from "../../image/reference.ts";
import { ROOTFS, writeBundleState } from "../../image/store/bundle_state.ts";
import { openTree } from "../../image/store/host_fs/open_tree.ts";
import { openImage } from "../../image/store/open_image.ts";
import { IdMap, type IdMaps, type IdRange } from "../../image/store/tree/id_map.ts";
import { readTreeFile } from "../../image/store/tree/read_file.ts";
import { unpackLayers } from "../../image/store/unpack.ts";
import type { NamespaceType, Spec } from "../spec/types.ts";
import { convert } from "./conversion.ts";
import { absolutePath } from "./host_path.ts";
import type { UserFiles } from "./user.ts";

/** Largest /etc/passwd or /etc/group that is read. */
const MAX_USER_FILE = 1024 * 1024;

/** How an image is unpacked. */
export interface UnpackBundleOptions {
  /** Which of several images. */
  readonly platform?: Platform;
  /** As an ordinary user. */
  readonly rootless?: boolean;
  /** User ids of the container and of the host. */
  readonly uids?: readonly IdRange[];
  /** Group ids of the container and of the host. */
  readonly gids?: readonly IdRange[];
  /** A directory does not replace a symbolic link that leads to one. */
  readonly keepDirlinks?: boolean;
}

/** A reference whose path means the same from everywhere. */
function absolute(reference: ImageReference): string {
  return referenceText({ ...reference, path: absolutePath(reference.path) });
}

function idMaps(options: UnpackBundleOptions): IdMaps {
  const own = (id: number | null): IdRange[] => [{ container: 0, host: id ?? 0, size: 1 }];
  const { rootless, uids = [], gids = [] } = options;
  return {
    uids: new IdMap(uids.length === 0 && rootless ? own(Deno.uid()) : uids),
    gids: new IdMap(gids.length === 0 && rootless ? own(Deno.gid()) : gids),
  };
}

function userFiles(rootfs: string): UserFiles {
  const tree = openTree(rootfs);
  try {
    const text = (path: string): string | undefined => {
      const bytes = readTreeFile(tree, path, MAX_USER_FILE);
      return bytes && new TextDecoder().decode(bytes);
    };
    return { passwd: text("etc/passwd"), group: text("etc/group") };
  } finally {
    tree.root.close();
  }
}

/**
 * config.json of a bundle (conversion.md), with a user namespace where ids are mapped. An image without a command gets a shell. It is for
 * any runtime and any user: of the oldest version that has all of it, and without limits that not everybody may set.
 */
function bundleSpec(config: ImageConfig, name: string, users: UserFiles, maps: IdMaps): unknown {
  const { Entrypoint, Cmd } = config.config;
  const args = Entrypoint.length + Cmd.length === 0 ? { args: ["sh"] } : {};
  const converted = convert(config, args, {
    imageName: name,
    users,
    hostname: "umiak",
    hostPath: (path) => path,
  });
  const spec: Spec = {
    ...converted,
    ociVersion: "1.0.2",
    ...(converted.process === undefined ? {} : { process: { ...converted.process, rlimits: [] } }),
  };
  if (maps.uids.ranges.length + maps.gids.ranges.length === 0) return spec;
  const mappings = (map: IdMap): unknown[] =>
    map.ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));
  const user: NamespaceType = "user";
  return {
    ...spec,
    linux: {
      ...spec.linux,
      namespaces: [...spec.linux.namespaces, { type: user }],
      uidMappings: mappings(maps.uids),
      gidMappings: mappings(maps.gids),
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** A root filesystem that has no name yet. */
async function unfinishedIn(directory: string): Promise<string | undefined> {
  if (!await exists(directory)) return undefined;
  try {
    for await (const { name } of Deno.readDir(directory)) if (name.startsWith(`.${ROOTFS}-`)) return name;
  } catch (error) {
    throw new Error(`unpacking into ${directory}: ${(error as Error).message}`, { cause: error });
  }
  return undefined;
}

/** Makes the directory of a bundle if it is not there. True if it was made. */
async function makeBundle(directory: string): Promise<boolean> {
  const unfinished = await unfinishedIn(directory);
  if (unfinished !== undefined) {
    throw new Error(
      `unpacking into ${directory}: ${unfinished} is of another unpack, which has been killed or is not done; remove ${directory} first`,
    );
  }
  for (const name of [ROOTFS, "config.json"]) {
    if (await exists(`${directory}/${name}`)) {
      throw new Error(`unpacking into ${directory}: it has a ${name} already`);
    }
  }
  if (await exists(directory)) return false;
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`making ${directory}: ${(error as Error).message}`, { cause: error });
  }
  return true;
}

/**
 * Unpacks an image as a bundle: config.json, rootfs, and what repack wants to know. The root filesystem gets its name when it is complete;
 * after an error nothing is left. Gives sentences about what could not be kept.
 */
export async function unpackBundle(
  reference: string,
  directory: string,
  options: UnpackBundleOptions = {},
): Promise<readonly string[]> {
  if (Deno.build.os === "linux" && !options.rootless && Deno.uid() !== 0) {
    throw new Error(
      `unpacking ${reference}: only root can give files to others; --rootless keeps owners in attributes`,
    );
  }
  const maps = idMaps(options), parsed = parseReference(reference);
  const image = await openImage(parsed, options.platform === undefined ? {} : { platform: options.platform });
  try {
    const made = await makeBundle(directory);
    const temporary = `${directory}/.${ROOTFS}-${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(temporary);
      const rootless = options.rootless ?? false;
      const unpacked = await unpackLayers(image, temporary, {
        maps,
        rootless,
        keepDirlinks: options.keepDirlinks ?? false,
      });
      const spec = bundleSpec(image.config, image.name, userFiles(temporary), maps);
      const state = { image: absolute(parsed), digest: image.digest, rootless, maps };
      await writeBundleState(directory, state, unpacked.entries);
      await Deno.writeTextFile(`${directory}/config.json`, `${JSON.stringify(spec, null, 2)}\n`);
      await Deno.rename(temporary, `${directory}/${ROOTFS}`);
      return unpacked.notes;
    } catch (error) {
      const made_ = made
        ? [directory]
        : [temporary, `${directory}/config.json`, `${directory}/umiak.json`, `${directory}/umiak.tree`];
      for (const path of made_) await Deno.remove(path, { recursive: true }).catch(() => {}); // perhaps it was never made
      throw error;
    }
  } finally {
    image.close();
  }
}
