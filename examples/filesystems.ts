/** The filesystems alone: a memfs Volume below a writable overlay; the volume stays as it was. @module */
import { Volume } from "memfs";
import { MemfsSuper, OverlaySuper, TmpfsSuper } from "../fs/mod.ts";
import { Files, testCaller } from "../fs/testing/mod.ts";

const volume = Volume.fromJSON({ "/etc/motd": "from the volume\n", "/etc/old": "to be removed\n" });
const overlay = new OverlaySuper({
  lowers: [new MemfsSuper({ volume, readOnly: true }).root],
  upper: new TmpfsSuper().root,
});
const files = new Files(testCaller(overlay));

files.unlink("/etc/old");
files.write("/etc/new", "only in the overlay\n");
console.log(files.list("/etc").join(" "));
console.log(files.text("/etc/motd").trim());
console.log(Object.keys(volume.toJSON()).join(" "));
