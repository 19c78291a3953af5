/** `umiak image unpack`, `diff` and `repack`. @module */
import type { CommandSpec } from "../parser.ts";
import { PLATFORM } from "./options.ts";

/** Commands of `umiak image` that work on bundles. */
export const BUNDLE_COMMANDS: readonly CommandSpec[] = [
  {
    name: "unpack",
    help: "Unpack an image as a bundle: config.json and rootfs",
    args: "IMAGE DIR",
    count: [2, 2],
    options: [
      PLATFORM,
      { name: "rootless", help: "Keep owners and devices in extended attributes, as an ordinary user must" },
      {
        name: "uid-map",
        value: "CTR:HOST:SIZE",
        repeat: true,
        help: "User ids of containers and of the host",
      },
      {
        name: "gid-map",
        value: "CTR:HOST:SIZE",
        repeat: true,
        help: "Group ids of containers and of the host",
      },
      { name: "keep-dirlinks", help: "Do not replace a link to a directory by a directory" },
    ],
    run: async (parsed) => (await import("../commands/bundle.ts")).unpack(parsed),
  },
  {
    name: "diff",
    help: "List what has changed in a bundle, or between two bundles or images",
    args: "BUNDLE | A B",
    count: [1, 2],
    run: async (parsed) => (await import("../commands/bundle.ts")).diff(parsed),
  },
  {
    name: "repack",
    help: "Make an image of what has changed in a bundle",
    args: "BUNDLE",
    count: [1, 1],
    options: [
      { name: "image", value: "DIR:TAG", help: "OCI layout directory and name of the image" },
      {
        name: "compress",
        value: "KIND[:LEVEL]",
        help: "gzip (default), zstd or none",
        choices: ["gzip", "zstd", "none"],
      },
      {
        name: "timestamp",
        value: "SECONDS",
        help: "No file is younger than this; SOURCE_DATE_EPOCH by default",
      },
      { name: "history.created-by", value: "TEXT", help: "What made the layer, for the history" },
      { name: "history.author", value: "TEXT", help: "Who made the layer, for the history" },
      { name: "history.comment", value: "TEXT", help: "A note for the history" },
      { name: "mask-path", value: "PATH", repeat: true, help: "Leave out changes below this path" },
      { name: "no-mask-volumes", help: "Do not leave out the image's volumes" },
      { name: "refresh-bundle", help: "Count the bundle as unpacked from the new image" },
    ],
    run: async (parsed) => (await import("../commands/bundle.ts")).repack(parsed),
  },
];
