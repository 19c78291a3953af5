/** Options that several commands have. @module */
import type { OptionSpec } from "../parser.ts";

/** Which of several images. */
export const PLATFORM: OptionSpec = {
  name: "platform",
  value: "OS/ARCH",
  help: "Platform of an image for several, e.g. wasi/wasm",
};

/** Less output. */
export const QUIET: OptionSpec = { name: "quiet", short: "q", help: "Print less" };

/** How registries are talked to. */
export const REGISTRY_OPTIONS: readonly OptionSpec[] = [
  { name: "tls-verify", help: "Verify certificates (default); --tls-verify=false takes any" },
  {
    name: "plain-http",
    help: "Talk HTTP to the registry, unprotected; to this machine's own it is tried anyway",
  },
  { name: "authfile", value: "FILE", help: "File with credentials, in place of the usual ones" },
  { name: "cert-dir", value: "DIR", help: "Directory with certificates by HOST, in place of the usual ones" },
  { name: "mirror", value: "HOST[/PREFIX]", repeat: true, help: "Ask this registry first" },
];
