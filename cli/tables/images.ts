/** Commands that move images, and those for images in the store. @module */
import type { CommandSpec, OptionSpec } from "../parser.ts";
import { PLATFORM, QUIET, REGISTRY_OPTIONS } from "./options.ts";

const MOVE_OPTIONS: readonly OptionSpec[] = [
  PLATFORM,
  { name: "all-platforms", help: "Take everything, as it stands" },
  { name: "referrers", help: "Take what refers to the image along: signatures, bills of materials" },
  { ...QUIET, help: "Show no progress" },
  ...REGISTRY_OPTIONS,
];

const SEND_OPTIONS: readonly OptionSpec[] = [
  ...MOVE_OPTIONS.slice(0, 3),
  { name: "non-distributable", help: "Send layers that are not to be distributed to registries, too" },
  ...MOVE_OPTIONS.slice(3),
];

const LIST: CommandSpec = {
  name: "ls",
  help: "List the images of the store",
  options: [
    { ...QUIET, help: "Print digests only" },
    { name: "digests", help: "Show whole digests" },
    { name: "json", help: "Print JSON" },
  ],
  run: async (parsed) => (await import("../commands/images.ts")).list(parsed),
};

/** `umiak pull`. */
export const PULL: CommandSpec = {
  name: "pull",
  help: "Fetch an image from a registry into the store",
  args: "[HOST/]NAME[:TAG][@DIGEST]",
  count: [1, 1],
  options: MOVE_OPTIONS,
  run: async (parsed) => (await import("../commands/images.ts")).pull(parsed),
};

/** `umiak push`. */
export const PUSH: CommandSpec = {
  name: "push",
  help: "Send an image of the store to a registry",
  args: "NAME [[HOST/]NAME[:TAG]]",
  count: [1, 2],
  options: SEND_OPTIONS.filter((option) => option.name !== "all-platforms"),
  run: async (parsed) => (await import("../commands/images.ts")).push(parsed),
};

/** `umiak images`. */
export const IMAGES: CommandSpec = { ...LIST, name: "images" };

/** Commands of `umiak image` that are about places. */
export const PLACE_COMMANDS: readonly CommandSpec[] = [
  LIST,
  {
    name: "copy",
    help: "Copy an image between registries, layouts, archives and the store",
    args: "SOURCE DESTINATION",
    count: [2, 2],
    options: SEND_OPTIONS,
    run: async (parsed) => (await import("../commands/images.ts")).copy(parsed),
  },
  {
    name: "tag",
    help: "Give an image of the store another name",
    args: "SOURCE NAME",
    count: [2, 2],
    run: async (parsed) => (await import("../commands/images.ts")).tag(parsed),
  },
  {
    name: "rm",
    help:
      "Take names away, of the store, of a layout or of a registry; store gc frees the space of the store's",
    args: "NAME|DIGEST|oci:DIR:TAG|docker://NAME:TAG|docker://NAME@DIGEST...",
    count: [1, Infinity],
    options: REGISTRY_OPTIONS.filter((option) => option.name !== "mirror"),
    run: async (parsed) => (await import("../commands/images.ts")).remove(parsed),
  },
  {
    name: "tags",
    help: "List the tags of a repository, or the names in a layout or an archive",
    args: "[HOST/]NAME|oci:DIR",
    count: [1, 1],
    options: REGISTRY_OPTIONS,
    run: async (parsed) => (await import("../commands/images.ts")).tags(parsed),
  },
  {
    name: "referrers",
    help: "List what refers to an image: signatures, bills of materials",
    args: "IMAGE",
    count: [1, 1],
    options: [
      { name: "artifact-type", value: "TYPE", help: "Only those of this type" },
      { name: "json", help: "Print JSON" },
      ...REGISTRY_OPTIONS,
    ],
    run: async (parsed) => (await import("../commands/images.ts")).referrers(parsed),
  },
];
