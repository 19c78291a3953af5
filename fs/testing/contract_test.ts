/** The contract, passed by every writable filesystem. @module */
import { Volume } from "memfs";
import { HostfsSuper } from "../hostfs/mod.ts";
import { PathPlaces } from "../hostfs/places.ts";
import { LayerfsSuper, LayerIndexBuilder, MemoryBlob } from "../layerfs/mod.ts";
import { MemfsSuper } from "../memfs/mod.ts";
import { OverlaySuper } from "../overlay/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import { contract, type Register } from "./contract.ts";
import { testCaller } from "./caller.ts";
import { Files } from "./files.ts";

const register: Register = (name, run) => Deno.test(name, run);

contract(register, "tmpfs", () => Promise.resolve({ sb: new TmpfsSuper() }));

contract(register, "overlay over tmpfs", () => {
  const lower = new TmpfsSuper();
  const files = new Files(testCaller(lower));
  files.mkdir("/other");
  files.write("/other/file", "below");
  return Promise.resolve({ sb: new OverlaySuper({ lowers: [lower.root], upper: new TmpfsSuper().root }) });
});

contract(register, "overlay over layerfs", () => {
  const builder = new LayerIndexBuilder();
  builder.add("/other/file", {
    mode: 0o100644,
    uid: 0,
    gid: 0,
    mtimeSec: 1,
    mtimeNsec: 0,
    size: 5,
    offset: 0,
  });
  // What a whiteout hides is not there: the contract's directory is made over it.
  const blob = new MemoryBlob(new TextEncoder().encode("below"));
  const bottom = new LayerIndexBuilder();
  bottom.add("/t/old", { mode: 0o100644, uid: 0, gid: 0, mtimeSec: 1, mtimeNsec: 0, size: 5, offset: 0 });
  builder.whiteout("/t");
  const layers = [builder, bottom].map((each) => new LayerfsSuper({ index: each.build(5), blob }));
  return Promise.resolve({
    sb: new OverlaySuper({ lowers: layers.map((layer) => layer.root), upper: new TmpfsSuper().root }),
  });
});

const directory = (): { path: string; close: () => Promise<void> } => {
  const path = Deno.makeTempDirSync({ prefix: "umiak-hostfs-" });
  return { path, close: () => Deno.remove(path, { recursive: true }) };
};

const HOSTFS: Parameters<typeof contract>[3] = {
  noSpecialFiles: true,
  noXattrs: true,
  noOwners: Deno.build.os === "windows" || Deno.uid() !== 0,
  noTmpfile: true,
  noExchange: true,
  utf8Names: true,
  snapshotListing: true,
};
const BY_PATHS = { millisecondTimes: true, noLinkTimes: true };

for (
  const [name, options, able] of [
    ["hostfs", {}, Deno.build.os === "linux" ? { noLinkTimes: Deno.uid() !== 0 } : BY_PATHS],
    ["hostfs by paths", { places: (path: string) => new PathPlaces(path) }, BY_PATHS],
  ] as const
) {
  contract(register, name, () => {
    const { path, close } = directory();
    const sb = new HostfsSuper({ path, ...options });
    return Promise.resolve({
      sb,
      close: () => {
        sb.shutdown();
        return close();
      },
    });
  }, { ...HOSTFS, ...able });
}

contract(register, "memfs", () => Promise.resolve({ sb: new MemfsSuper({ volume: new Volume() }) }), {
  noSpecialFiles: true,
  noXattrs: true,
  millisecondTimes: true,
  noLinkTimes: true,
  noTmpfile: true,
  noExchange: true,
  utf8Names: true,
  snapshotListing: true,
});
