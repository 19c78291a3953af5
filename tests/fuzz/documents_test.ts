/** Documents that somebody has tampered with: what they decode to can be used, or they are refused by a JsonError of one line that names the document. @module */
import assert from "node:assert/strict";
import {
  decodeImageConfig,
  decodeIndex,
  decodeManifest,
  parsePlatform,
  parseReference,
} from "../../image/mod.ts";
import { JsonError } from "../../json/mod.ts";
import { convert } from "../../runtime/engine/conversion.ts";
import { compileSpec } from "../../runtime/program/compile.ts";
import { printProgram } from "../../runtime/program/print.ts";
import { parseSpec } from "../../runtime/spec/decode.ts";
import { encodeSpec } from "../../runtime/spec/encode.ts";
import { fuzz, type Random } from "./random.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const DESCRIPTOR = {
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  digest: DIGEST,
  size: 10,
  annotations: { "org.opencontainers.image.ref.name": "latest" },
  platform: { os: "linux", architecture: "arm64", variant: "v8" },
};
const encoder = new TextEncoder();

/** What is decoded, from which document, and what is done with the result. */
const DOCUMENTS: readonly {
  readonly name: string;
  readonly value: unknown;
  readonly use: (bytes: Uint8Array) => unknown;
}[] = [
  {
    name: "config.json",
    value: {
      ociVersion: "1.2.0",
      root: { path: "rootfs", readonly: true },
      hostname: "box",
      domainname: "example.org",
      process: {
        terminal: true,
        cwd: "/work",
        args: ["sh", "-c", "true"],
        env: ["PATH=/bin:/usr/bin", "A=b"],
        user: { uid: 1000, gid: 100, umask: 18, additionalGids: [5] },
        capabilities: {
          bounding: ["CAP_CHOWN"],
          effective: ["CAP_CHOWN"],
          permitted: [],
          inheritable: [],
          ambient: [],
        },
        rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 4096 }],
        noNewPrivileges: true,
        oomScoreAdj: 100,
      },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        {
          destination: "/t",
          type: "tmpfs",
          source: "tmpfs",
          options: ["nosuid", "rro", "size=64k", "rprivate"],
        },
        { destination: "/b", type: "bind", source: "/src", options: ["rbind", "ro"] },
      ],
      annotations: { key: "value" },
      linux: {
        namespaces: [{ type: "pid" }, { type: "mount" }, { type: "network", path: "/run/netns/x" }],
        devices: [{ type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0 }],
        sysctl: { "net.core.somaxconn": "256" },
        maskedPaths: ["/proc/kcore"],
        readonlyPaths: ["/proc/sys"],
        rootfsPropagation: "rslave",
      },
    },
    use(bytes) {
      const spec = parseSpec(bytes);
      assert.deepEqual(parseSpec(encodeSpec(spec)), spec);
      if (spec.process === undefined) return;
      const program = compileSpec(spec, { rootfs: "/rootfs", isFile: () => false, makeCwd: true });
      return printProgram(program);
    },
  },
  {
    name: "config.json",
    value: {
      ...JSON.parse(
        Deno.readTextFileSync(
          new URL("../fixtures/runtime_spec/config/good/spec-example.json", import.meta.url),
        ),
      ),
      freebsd: { jail: { vnet: "new" } },
      zos: {},
    },
    use: (bytes) => {
      const spec = parseSpec(bytes);
      assert.deepEqual(parseSpec(encodeSpec(spec)), spec);
    },
  },
  {
    name: "image configuration",
    value: {
      architecture: "wasm",
      os: "wasi",
      created: "2024-01-01T00:00:00Z",
      author: "somebody",
      config: {
        User: "1000:100",
        Env: ["A=b"],
        Entrypoint: ["/app.wasm"],
        Cmd: ["x"],
        WorkingDir: "/work",
        Volumes: { "/data": {} },
        Labels: { a: "b" },
        ExposedPorts: { "80/tcp": {} },
        StopSignal: "SIGTERM",
      },
      rootfs: { type: "layers", diff_ids: [DIGEST] },
      history: [{ created: "2024-01-01T00:00:00Z", created_by: "COPY", empty_layer: false }],
    },
    use(bytes) {
      const config = decodeImageConfig(bytes, "image configuration", 1);
      const context = {
        imageName: "i",
        users: { passwd: undefined, group: undefined },
        hostname: "h",
        hostPath: (p: string) => p,
      };
      try {
        compileSpec(convert(config, {}, context), { rootfs: "/r", isFile: () => false, makeCwd: true });
      } catch (error) {
        // A user or directory that cannot be: said in words.
        assert.ok(!(error instanceof TypeError || error instanceof RangeError), `${error}`);
      }
    },
  },
  {
    name: "manifest",
    value: {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { ...DESCRIPTOR, mediaType: "application/vnd.oci.image.config.v1+json" },
      layers: [DESCRIPTOR, DESCRIPTOR],
      subject: DESCRIPTOR,
      annotations: { a: "b" },
    },
    use: (bytes) => decodeManifest(bytes, "manifest"),
  },
  {
    name: "index",
    value: {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{ ...DESCRIPTOR, mediaType: "application/vnd.oci.image.manifest.v1+json" }],
    },
    use: (bytes) => decodeIndex(bytes, "index"),
  },
];

const ODD: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    2 ** 31,
    -0,
    "",
    "x",
    "/",
    "..",
    "\0",
    "a\nb",
    "\ud800",
    "=",
    "NaN",
  ],
  ...[[], {}, [null], [[]], { "": null }, ["x"], "x".repeat(5000), "sha256:xyz", "__proto__"],
];

/** The document with one value of it replaced, removed, repeated or moved. */
function changed(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.oneIn(6)) return random.pick(ODD);
  const keys = Object.keys(value);
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = random.below(copy.length + 1);
    if (at === copy.length || random.oneIn(5)) {
      copy.splice(at, random.below(2), random.pick([...ODD, ...value]));
    } else copy[at] = changed(copy[at], random);
    return copy;
  }
  const copy: Record<string, unknown> = { ...value };
  if (keys.length === 0 || random.oneIn(8)) {
    Object.defineProperty(copy, random.pick(["__proto__", "constructor", "toString", "x", "type", "path"]), {
      value: random.pick(ODD),
      enumerable: true,
      configurable: true,
    });
    return copy;
  }
  const key = random.pick(keys);
  if (random.oneIn(8)) delete copy[key];
  else copy[key] = changed(copy[key], random);
  return copy;
}

/** The text with bytes changed, lost or repeated. */
function garbled(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array {
  let out = bytes;
  for (let i = random.below(3); i > 0; i--) {
    const at = random.below(out.length + 1), n = random.below(20);
    const piece = random.pick<Uint8Array>([
      new Uint8Array(0),
      random.bytes(n),
      out.subarray(at, at + n),
      encoder.encode(
        random.pick([
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          '"',
          "\\",
          "\\u0000",
          "\\ud800",
          "1e999",
          "[".repeat(300),
        ]),
      ),
    ]);
    out = Uint8Array.from([...out.subarray(0, at), ...piece, ...out.subarray(at + random.below(n + 1))]);
  }
  return out;
}

for (const { name, value, use } of DOCUMENTS) {
  Deno.test(`${name}: the document that the fuzz begins with is right`, () => {
    use(encoder.encode(JSON.stringify(value)));
  });

  fuzz(`${name}: decoded or refused by a JsonError that names it`, 3000, (random) => {
    let document = value;
    for (let i = random.below(4); i > 0; i--) document = changed(document, random);
    let bytes = encoder.encode(JSON.stringify(document));
    if (random.oneIn(2)) bytes = Uint8Array.from(garbled(bytes, random));
    try {
      use(bytes);
    } catch (error) {
      assert.ok(error instanceof JsonError, `${(error as Error).stack}`);
      const { message } = error;
      assert.ok(message.startsWith(`${name}:`), message);
      // deno-lint-ignore no-control-regex
      assert.ok(!/[\x00-\x1f\x7f]/.test(message), JSON.stringify(message));
    }
    assert.ok(!("polluted" in {}) && Object.keys(Object.prototype).length === 0);
  });
}

fuzz("references and platforms: parsed or refused in one line", 4000, (random) => {
  const pieces = [
    "oci",
    ":",
    "/",
    "dir",
    "@",
    DIGEST,
    "latest",
    "docker-archive",
    "oci-archive",
    "",
    " ",
    "\0",
    "\n",
    "..",
    "linux",
    "arm64",
    "v8",
    "é",
  ];
  const text = Array.from({ length: random.below(8) }, () => random.pick(pieces)).join("");
  for (const parse of [parseReference, parsePlatform]) {
    try {
      parse(text);
    } catch (error) {
      assert.ok(
        error instanceof Error && !(error instanceof TypeError || error instanceof RangeError),
        `${error}`,
      );
      // deno-lint-ignore no-control-regex
      assert.ok(!/[\x00-\x1f\x7f]/.test(error.message), JSON.stringify(error.message));
    }
  }
});
