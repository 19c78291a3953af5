/** `umiak image config`, `append`, `mutate`, `squash`, `rebase`, `history`, `validate`, `export`, `import`, `index`. @module */
import type { CommandSpec, OptionSpec } from "../parser.ts";
import { PLATFORM } from "./options.ts";

const OUTPUT: OptionSpec = {
  name: "output",
  short: "o",
  value: "IMAGE",
  help: "Where the result goes; in place of the image by default",
};
const COMPRESS: OptionSpec = {
  name: "compress",
  value: "KIND[:LEVEL]",
  help: "Compression of layers: gzip, zstd or none",
  choices: ["gzip", "zstd", "none"],
};
const TIMESTAMP: OptionSpec = {
  name: "timestamp",
  value: "TIME",
  help: "Time of what is made: seconds since 1970, RFC 3339, or now; SOURCE_DATE_EPOCH by default",
};
const HISTORY: readonly OptionSpec[] = [
  { name: "history.created-by", value: "TEXT", help: "Command in the history's new step" },
  { name: "history.author", value: "NAME", help: "Author in the history's new step" },
  { name: "history.comment", value: "TEXT", help: "Comment in the history's new step" },
];

const repeated = (name: string, value: string, help: string, short?: string): OptionSpec => ({
  name,
  value,
  help,
  repeat: true,
  ...(short === undefined ? {} : { short }),
});

/** Properties of the configuration; an empty value takes one away. */
const CONFIG: readonly OptionSpec[] = [
  { name: "user", short: "u", value: "USER[:GROUP]", help: "User; empty for none" },
  repeated("env", "NAME=VALUE", "Set an environment variable", "e"),
  repeated("unset-env", "NAME", "Remove an environment variable"),
  repeated("entrypoint", "WORD", "Entrypoint, one word each, or a JSON array; empty for none"),
  repeated("cmd", "WORD", "Default arguments, one each, or a JSON array; empty for none"),
  { name: "workdir", short: "w", value: "PATH", help: "Working directory; empty for none" },
  repeated("label", "NAME=VALUE", "Set a label", "l"),
  repeated("unset-label", "NAME", "Remove a label"),
  repeated("expose", "PORT[/PROTOCOL]", "Expose a port", "p"),
  repeated("unset-expose", "PORT[/PROTOCOL]", "Do not expose a port"),
  repeated("volume", "PATH", "Add a volume", "v"),
  repeated("unset-volume", "PATH", "Remove a volume"),
  { name: "stop-signal", value: "SIGNAL", help: "Signal that ends containers; empty for none" },
  { name: "author", value: "NAME", help: "Author; empty for none" },
  { name: "created", value: "TIME", help: "When the image was made; empty for nothing" },
  { name: "os", value: "OS", help: "Operating system" },
  { name: "arch", value: "ARCH", help: "Processor" },
  { name: "variant", value: "VARIANT", help: "Variant of the processor; empty for none" },
  { name: "os-version", value: "VERSION", help: "Version of the operating system; empty for none" },
  repeated("os-feature", "NAME", "Feature of the operating system; empty for none"),
  repeated("annotation", "NAME=VALUE", "Set an annotation of the manifest", "a"),
  repeated("unset-annotation", "NAME", "Remove an annotation of the manifest"),
  {
    name: "clear",
    value: "PROPERTY",
    repeat: true,
    help: "Forget all of: env, labels, ports, volumes, annotations, history",
    choices: ["env", "labels", "ports", "volumes", "annotations", "history"],
  },
  ...HISTORY,
  { name: "no-history", help: "Add no step to the history" },
  TIMESTAMP,
];

const ANNOTATE: OptionSpec = repeated("annotation", "NAME=VALUE", "Set an annotation of the index", "a");
const INDEX_OPTIONS: readonly OptionSpec[] = [
  ANNOTATE,
  repeated("entry-annotation", "NAME=VALUE", "Annotation of the new entries"),
  { name: "artifact-type", value: "TYPE", help: "Type of an artifact; empty for none" },
  { name: "subject", value: "IMAGE", help: "The image that the index is about" },
];

const INDEX: CommandSpec = {
  name: "index",
  help: "Make and change indexes: images for several platforms",
  commands: [
    {
      name: "create",
      help: "Make an index of images, and copy them to where it is",
      args: "INDEX [IMAGE...]",
      count: [1, Infinity],
      options: INDEX_OPTIONS,
      run: async (parsed) => (await import("../commands/image_index.ts")).create(parsed),
    },
    {
      name: "add",
      help: "Add images to an index, and copy them to where it is",
      args: "INDEX [IMAGE...]",
      count: [1, Infinity],
      options: [...INDEX_OPTIONS, repeated("unset-annotation", "NAME", "Remove an annotation of the index")],
      run: async (parsed) => (await import("../commands/image_index.ts")).add(parsed),
    },
    {
      name: "rm",
      help: "Take images out of an index, by digest or platform",
      args: "INDEX DIGEST|PLATFORM...",
      count: [2, Infinity],
      run: async (parsed) => (await import("../commands/image_index.ts")).remove(parsed),
    },
  ],
};

/** Commands of `umiak image` that edit images or look into them. */
export const EDIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "config",
    help: "Change an image's configuration and annotations",
    args: "IMAGE",
    count: [1, 1],
    options: [OUTPUT, PLATFORM, ...CONFIG],
    run: async (parsed) => (await import("../commands/edit.ts")).config(parsed),
  },
  {
    name: "append",
    help: "Put layers on top of an image",
    args: "IMAGE [FILE.tar|-...]",
    count: [1, Infinity],
    options: [
      OUTPUT,
      PLATFORM,
      repeated("file", "HOST=CONTAINER", "A layer of a host file or directory"),
      COMPRESS,
      ...HISTORY,
      TIMESTAMP,
    ],
    run: async (parsed) => (await import("../commands/edit.ts")).append(parsed),
  },
  {
    name: "mutate",
    help: "Append layers, change configuration, compression and format of an image",
    args: "IMAGE",
    count: [1, 1],
    options: [
      OUTPUT,
      PLATFORM,
      repeated("append", "FILE.tar|-", "A layer that is put on top"),
      repeated("file", "HOST=CONTAINER", "A layer of a host file or directory"),
      { ...COMPRESS, help: "Compress all layers with gzip, zstd or none" },
      { name: "format", value: "FORMAT", help: "Media types: oci or docker", choices: ["oci", "docker"] },
      ...CONFIG,
    ],
    run: async (parsed) => (await import("../commands/edit.ts")).mutateImage(parsed),
  },
  {
    name: "squash",
    help: "Make one layer of all layers, or of the topmost ones",
    args: "IMAGE",
    count: [1, 1],
    options: [
      OUTPUT,
      PLATFORM,
      { name: "last", short: "n", value: "COUNT", help: "How many, from the top; all by default" },
      COMPRESS,
      ...HISTORY,
      TIMESTAMP,
    ],
    run: async (parsed) => (await import("../commands/edit.ts")).squash(parsed),
  },
  {
    name: "rebase",
    help: "Move an image to another base",
    args: "IMAGE",
    count: [1, 1],
    options: [
      OUTPUT,
      PLATFORM,
      { name: "old-base", value: "IMAGE", help: "The base it is on; by default what its annotations say" },
      { name: "new-base", value: "IMAGE", help: "The base it goes to; by default what its annotations say" },
    ],
    run: async (parsed) => (await import("../commands/edit.ts")).rebase(parsed),
  },
  {
    name: "history",
    help: "Show how an image was made",
    args: "IMAGE",
    count: [1, 1],
    options: [PLATFORM, { name: "no-trunc", help: "Show commands in full" }, {
      name: "json",
      help: "Print JSON",
    }],
    run: async (parsed) => (await import("../commands/edit.ts")).history(parsed),
  },
  {
    name: "validate",
    help: "Check an image, or a whole layout, against the image specification",
    args: "IMAGE",
    count: [1, 1],
    options: [
      { name: "json", help: "Print findings as JSON" },
      { name: "strict", help: "Warnings count as errors" },
      { name: "no-layers", help: "Do not read layers" },
    ],
    run: async (parsed) => (await import("../commands/edit.ts")).validate(parsed),
  },
  {
    name: "export",
    help: "Write an image's root filesystem as a tar archive",
    args: "IMAGE",
    count: [1, 1],
    options: [
      { name: "output", short: "o", value: "FILE", help: "File to write; standard output by default" },
      PLATFORM,
    ],
    run: async (parsed) => (await import("../commands/edit.ts")).exportTar(parsed),
  },
  {
    name: "import",
    help: "Make an image of a tar archive",
    args: "FILE.tar|- IMAGE",
    count: [2, 2],
    options: [PLATFORM, COMPRESS, {
      name: "format",
      value: "FORMAT",
      help: "oci or docker",
      choices: ["oci", "docker"],
    }, ...CONFIG],
    run: async (parsed) => (await import("../commands/edit.ts")).importTar(parsed),
  },
  INDEX,
];
