/** Checks of values that occur in several documents. @module */
import { parseDigest } from "../digest.ts";
import type { Node } from "./node.ts";

/** RFC 6838, section 4.2: a type and a subtype of restricted names. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
/** RFC 3339, section 5.6. */
const DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** The grammar of names (annotations.md, `ref.name`). */
const REF_NAME = /^[A-Za-z0-9]+(?:(?:[-._:@+/]|--)[A-Za-z0-9]+)*$/;
const REVERSE_DOMAIN = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_/-]+)+$/;

const ANNOTATIONS = "annotations.md#rules", KEYS = "annotations.md#pre-defined-annotation-keys";
const IMAGE_KEY = "org.opencontainers.image.";
const KNOWN_KEYS: ReadonlySet<string> = new Set(
  ("created authors url documentation source version revision vendor licenses ref.name title description base.digest base.name")
    .split(" "),
);

/** Reports anything but a media type; gives it. */
export function checkMediaType(node: Node): string | undefined {
  const type = node.string();
  if (type !== undefined && !MEDIA_TYPE.test(type)) {
    node.error(`${JSON.stringify(type)} is not a media type (RFC 6838, section 4.2)`);
  }
  return type;
}

/** Reports anything but a date and time of RFC 3339. */
export function checkDateTime(node: Node): void {
  const text = node.string();
  if (text === undefined) return;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!DATE_TIME.test(text) || day > lastDay) {
    node.error(`${JSON.stringify(text)} is not a date and time (RFC 3339, section 5.6)`);
  }
}

/** Algorithms that are registered (descriptor.md#registered-algorithms), with the length of their digests. */
const REGISTERED: Readonly<Record<string, number>> = { sha256: 64, sha512: 128, blake3: 64 };

/** Reports anything but a digest; gives it. */
export function checkDigest(node: Node): string | undefined {
  const text = node.string();
  if (text === undefined) return undefined;
  const algorithm = text.split(":", 1)[0]!;
  const length = Object.hasOwn(REGISTERED, algorithm) ? REGISTERED[algorithm] : undefined;
  const rule = length === undefined ? "descriptor.md#digests" : "descriptor.md#registered-algorithms";
  const encoded = text.slice(algorithm.length + 1);
  if (length !== undefined && !(new RegExp(`^[a-f0-9]{${length}}$`)).test(encoded)) {
    node.error(`${JSON.stringify(text)}: expected ${length} of the characters a-f and 0-9`, rule);
    return undefined;
  }
  if (parseDigest(text) === undefined) {
    node.error(`${JSON.stringify(text)} is not a digest`, rule);
    return undefined;
  }
  if (length === undefined) node.warn(`algorithm ${JSON.stringify(algorithm)} is not registered`, rule);
  return text;
}

/** What annotations are on: a reference name means something on the entries of index.json only. */
export type AnnotationPlace = "index.json" | "elsewhere" | "labels";

/** Checks annotations, or labels, which follow the same rules. */
export function checkAnnotations(node: Node, place: AnnotationPlace): void {
  for (const [key, value] of node.under(ANNOTATIONS).entries()) {
    const text = value.string();
    if (key === "") value.error("a key without characters");
    else if (!REVERSE_DOMAIN.test(key)) value.warn("the key is not named in reverse domain notation");
    if (text === undefined || !key.startsWith(IMAGE_KEY)) continue;
    const name = key.slice(IMAGE_KEY.length);
    const known = value.under(KEYS);
    if (!KNOWN_KEYS.has(name)) value.warn(`the prefix ${IMAGE_KEY} is reserved, and this key is not defined`);
    else if (name === "created") checkDateTime(known);
    else if (name === "base.digest") checkDigest(known);
    else if (name === "ref.name") {
      if (place !== "index.json") known.warn("it is valid on descriptors of index.json only");
      if (!REF_NAME.test(text)) {
        known.warn(`${JSON.stringify(text)} does not follow the grammar of references`);
      }
    }
  }
  const base = node.field(`${IMAGE_KEY}base.name`);
  if (base.exists && !node.field(`${IMAGE_KEY}base.digest`).exists) {
    base.under(KEYS).warn(`there should be ${IMAGE_KEY}base.digest too`);
  }
}

/** Values of GOARCH and GOOS, with those for WebAssembly outside of browsers. */
const ARCHITECTURES: ReadonlySet<string> = new Set(
  ("386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm sparc64 armbe arm64be " +
    "amd64p32 mips64p32 mips64p32le ppc riscv s390 sparc").split(" "),
);
const SYSTEMS: ReadonlySet<string> = new Set(
  ("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos " +
    "wasi wasip2").split(" "),
);
/** image-index.md#platform-variants. */
const VARIANTS: Readonly<Record<string, RegExp>> = {
  arm: /^v[5-8]$/,
  arm64: /^v[89](\.\d+)?$/,
  ppc64le: /^power\d+$/,
  riscv64: /^rva\d+u64$/,
  amd64: /^v[1-4]$/,
};

/** What a document says about its platform. */
export interface CheckedPlatform {
  /** Operating system. */
  readonly os?: string | undefined;
  /** Processor. */
  readonly architecture?: string | undefined;
  /** Its variant. */
  readonly variant?: string | undefined;
  /** `os.version`. */
  readonly osVersion?: string | undefined;
}

/** Checks the properties of a platform, which indexes and configurations have in common. */
export function checkPlatform(node: Node): CheckedPlatform {
  const architecture = node.required("architecture")?.string();
  const os = node.required("os")?.string();
  if (architecture !== undefined && !ARCHITECTURES.has(architecture)) {
    node.field("architecture").warn(`${JSON.stringify(architecture)} is not a value of GOARCH`);
  }
  if (os !== undefined && !SYSTEMS.has(os)) {
    node.field("os").warn(`${JSON.stringify(os)} is not a value of GOOS`);
  }
  const osVersion = node.optional("os.version")?.string();
  const features = node.optional("os.features");
  for (const feature of features?.strings() ?? []) {
    if (os === "windows" && feature !== "win32k") {
      features!.warn(`${JSON.stringify(feature)} is not defined for windows`);
    }
  }
  const variant = node.optional("variant")?.string();
  if (variant !== undefined && variant !== "") {
    const known = Object.hasOwn(VARIANTS, architecture ?? "") ? VARIANTS[architecture!] : undefined;
    if (!known?.test(variant)) {
      node.field("variant").warn(
        `${JSON.stringify(variant)} is not a variant of ${
          JSON.stringify(architecture ?? "")
        } that is defined`,
        "image-index.md#platform-variants",
      );
    }
  }
  return { os, architecture, variant, osVersion };
}
