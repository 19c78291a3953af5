/** Platforms: what an image is for, and which of several to take (image-index.md, `platform`). @module */

/** An operating system and a processor. */
export interface Platform {
  /** GOOS value, or wasi, wasip1. */
  readonly os: string;
  /** GOARCH value, or wasm. */
  readonly architecture: string;
  /** Variant of the processor. */
  readonly variant?: string;
}

const ARCHITECTURES: Readonly<Record<string, [architecture: string, variant?: string]>> = {
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
  i386: ["386"],
  i686: ["386"],
  wasm32: ["wasm"],
};

/** The usual names: x86_64 is amd64, arm without a variant is v7, arm64 v8 has none. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === "macos" ? "darwin" : platform.os.toLowerCase();
  const [architecture, implied] = ARCHITECTURES[platform.architecture.toLowerCase()] ??
    [platform.architecture.toLowerCase()];
  let variant = platform.variant?.toLowerCase() ?? implied;
  if (architecture === "arm64" && (variant === "v8" || variant === "8")) variant = undefined;
  if (architecture === "arm") variant = variant === undefined ? "v7" : variant.replace(/^(?=\d)/, "v");
  if (architecture === "amd64" && variant === "v1") variant = undefined;
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** Reads "os/architecture[/variant]". Throws on anything else. */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split("/");
  if (!os || !architecture || variant === "" || rest.length > 0) {
    throw new Error(
      `platform ${JSON.stringify(text)}: expected OS/ARCHITECTURE[/VARIANT], for example wasi/wasm`,
    );
  }
  return normalizePlatform(variant === undefined ? { os, architecture } : { os, architecture, variant });
}

/** "os/architecture[/variant]". */
export function platformText(platform: Platform): string {
  return [platform.os, platform.architecture, ...platform.variant === undefined ? [] : [platform.variant]]
    .join("/");
}

/** Older variants that a processor also runs, as containerd orders them. */
const FALLBACKS: Readonly<Record<string, readonly string[]>> = {
  "amd64/v4": ["amd64/v3", "amd64/v2", "amd64", "386"],
  "amd64/v3": ["amd64/v2", "amd64", "386"],
  "amd64/v2": ["amd64", "386"],
  amd64: ["386"],
  arm64: ["arm/v8", "arm/v7", "arm/v6", "arm/v5"],
  "arm/v8": ["arm/v7", "arm/v6", "arm/v5"],
  "arm/v7": ["arm/v6", "arm/v5"],
  "arm/v6": ["arm/v5"],
};

/** The platforms that serve for `wanted`, the best first. */
export function acceptable(wanted: Platform): string[] {
  const normal = normalizePlatform(wanted);
  const cpu = normal.variant === undefined ? normal.architecture : `${normal.architecture}/${normal.variant}`;
  return [cpu, ...FALLBACKS[cpu] ?? []].map((each) => `${normal.os}/${each}`);
}

/**
 * What is taken when nobody asks: modules for WASI, then what the host runs; on other hosts than Linux, last, Linux images of the
 * host's architecture, which can at least be looked at.
 */
export function defaultPlatforms(host: Platform): Platform[] {
  const wasm = ["wasi", "wasip1"].map((os) => ({ os, architecture: "wasm" }));
  return [...wasm, host, ...host.os === "linux" ? [] : [{ ...host, os: "linux" }]];
}
