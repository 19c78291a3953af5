/** Every MUST and SHOULD of config.md about what a document contains; those about implementations are in validate_test.ts. @module */
import { config, HEX, type Rule, testRules, Text } from "./testing/rules.ts";

const CONFIG_RULES: readonly Rule[] = [
  [
    "an OPTIONAL field MAY be null",
    config((c) =>
      Object.assign(c, { created: null, author: null, config: null, history: null, variant: null })
    ),
    null,
  ],
  [
    "created is of RFC 3339",
    config((c) => c.created = "2020-02-30T00:00:00Z"),
    /error: config \S+: created: "2020-02-30T00:00:00Z" is not a date/,
  ],
  [
    "author is a string",
    config((c) => c.author = 1),
    /error: config \S+: author: expected a string, found a number/,
  ],
  [
    "architecture is REQUIRED",
    config((c) => delete c.architecture),
    /error: config \S+: architecture: it is required \(config\.md/,
  ],
  ["architecture SHOULD be a GOARCH", {
    config: (c) => c.architecture = "x86_64",
    entry: (d) => d.platform.architecture = "x86_64",
  }, /warning: config \S+: architecture: "x86_64" is not a value of GOARCH/],
  ["os is REQUIRED", config((c) => c.os = null), /error: config \S+: os: it is required, but null/],
  [
    "os SHOULD be a GOOS",
    { config: (c) => c.os = "gnu", entry: (d) => d.platform.os = "gnu" },
    /warning: config \S+: os: "gnu" is not a value of GOOS/,
  ],
  [
    "os.version is a string",
    config((c) => c["os.version"] = 1),
    /error: config \S+: \["os\.version"\]: expected a string/,
  ],
  [
    "os.features is an array of strings",
    config((c) => c["os.features"] = [1]),
    /error: config \S+: \["os\.features"\]\[0\]: expected a string/,
  ],
  [
    "variant SHOULD be listed",
    { config: (c) => c.variant = "x", entry: (d) => d.platform.variant = "x" },
    /warning: config \S+: variant: "x" is not a variant/,
  ],
  ["config is an object", config((c) => c.config = []), /error: config \S+: config: expected an object/],
  [
    "User is a string",
    config((c) => c.config.User = 0),
    /error: config \S+: config\.User: expected a string/,
  ],
  [
    "ExposedPorts maps to empty objects",
    config((c) => c.config.ExposedPorts = { "80/tcp": 1 }),
    /error: config \S+: config\.ExposedPorts\["80\/tcp"\]: expected an object/,
  ],
  [
    "ExposedPorts' keys are port/tcp, port/udp, port",
    config((c) => c.config.ExposedPorts = { "http": {} }),
    /warning: config \S+: config\.ExposedPorts\.http: expected port/,
  ],
  [
    "Env's entries are VARNAME=VARVALUE",
    config((c) => c.config.Env = ["A=1", "B"]),
    /error: config \S+: config\.Env\[1\]: expected VARNAME=VARVALUE, found "B"/,
  ],
  [
    "Entrypoint is an array of strings",
    config((c) => c.config.Entrypoint = "sh"),
    /error: config \S+: config\.Entrypoint: expected an array/,
  ],
  [
    "Cmd is an array of strings",
    config((c) => c.config.Cmd = [null]),
    /error: config \S+: config\.Cmd\[0\]: expected a string, found null/,
  ],
  [
    "Volumes maps to objects",
    config((c) => c.config.Volumes = ["/data"]),
    /error: config \S+: config\.Volumes: expected an object/,
  ],
  [
    "WorkingDir is a string",
    config((c) => c.config.WorkingDir = {}),
    /error: config \S+: config\.WorkingDir: expected a string/,
  ],
  [
    "Labels MUST use the annotation rules",
    config((c) => c.config.Labels = { "a.b": null }),
    /error: config \S+: config\.Labels\["a\.b"\]: expected a string, found null/,
  ],
  [
    "StopSignal is SIGNAME",
    config((c) => c.config.StopSignal = "kill"),
    /warning: config \S+: config\.StopSignal: "kill" is not the name/,
  ],
  ["StopSignal can be SIGRTMIN+3", config((c) => c.config.StopSignal = "SIGRTMIN+3"), null],
  [
    "ArgsEscaped should not be used",
    config((c) => c.config.ArgsEscaped = true),
    /warning: config \S+: config\.ArgsEscaped: it is deprecated/,
  ],
  [
    "Memory is an integer",
    config((c) => c.config.Memory = "1"),
    /error: config \S+: config\.Memory: expected a number/,
  ],
  [
    "Healthcheck is an object",
    config((c) => c.config.Healthcheck = 1),
    /error: config \S+: config\.Healthcheck: expected an object/,
  ],
  ["rootfs is REQUIRED", config((c) => delete c.rootfs), /error: config \S+: rootfs: it is required/],
  [
    "rootfs.type MUST be layers",
    config((c) => c.rootfs.type = "blocks"),
    /error: config \S+: rootfs\.type: expected "layers", found "blocks"/,
  ],
  [
    "rootfs.diff_ids is REQUIRED",
    config((c) => delete c.rootfs.diff_ids),
    /error: config \S+: rootfs\.diff_ids: it is required/,
  ],
  [
    "rootfs.diff_ids are digests",
    config((c) => c.rootfs.diff_ids[0] = "x"),
    /error: config \S+: rootfs\.diff_ids\[0\]: "x" is not a digest/,
  ],
  [
    "rootfs.diff_ids: one for each layer",
    config((c) => c.rootfs.diff_ids.push(`sha256:${HEX}`)),
    /error: config \S+: rootfs\.diff_ids: 2 diff_ids for the 1 layers/,
  ],
  [
    "a layer's DiffID is the digest of its archive",
    config((c) => c.rootfs.diff_ids[0] = `sha256:${HEX}`),
    /error: layer \S+: its archive has digest sha256:\w+, not the diff_id/,
  ],
  [
    "history.created is of RFC 3339",
    config((c) => c.history[0].created = "yesterday"),
    /error: config \S+: history\[0\]\.created: "yesterday" is not/,
  ],
  [
    "history.empty_layer is a boolean",
    config((c) => c.history[0].empty_layer = "true"),
    /error: config \S+: history\[0\]\.empty_layer: expected a boolean/,
  ],
  [
    "history has a step for each layer",
    config((c) => c.history.push({})),
    /warning: config \S+: history: it tells of 2 layers, there are 1/,
  ],
  ["extra fields MUST NOT be an error", config((c) => c["x.extra"] = { any: [1] }), null],
  [
    "JSON: a name that occurs twice",
    config((c) => new Text(JSON.stringify(c).replace('"os"', '"os":"x","os"'))),
    /error: config \S+: os: the name occurs twice/,
  ],
  [
    "JSON: UTF-8 without a byte order mark",
    config((c) => new Text(`\ufeff${JSON.stringify(c)}`)),
    /error: config \S+: it begins with a byte order mark/,
  ],
  [
    "JSON: strings are Unicode",
    config((c) => new Text(JSON.stringify({ ...c, author: "x" }).replace('"x"', '"\\ud800"'))),
    /error: config \S+: author: a string with half a surrogate pair/,
  ],
];

testRules("config.md", CONFIG_RULES);
