/** Options of all commands that talk to registries. @module */
import type { RegistryOptions } from "../../image/registry/options.ts";
import type { Parsed } from "../parser.ts";

/** How registries are to be talked to. */
export async function registryOptions(parsed: Parsed): Promise<RegistryOptions> {
  const mirrors = parsed.values("mirror"),
    certDir = parsed.value("cert-dir"),
    authfile = parsed.value("authfile");
  const credentials = authfile === undefined ? {} : {
    credentials: new (await import("../../image/registry/mod.ts")).FileCredentials([authfile]),
  };
  return {
    ...credentials,
    ...parsed.value("tls-verify") === undefined ? {} : { tlsVerify: parsed.has("tls-verify") },
    ...parsed.has("plain-http") ? { plainHttp: true } : {},
    ...mirrors.length === 0 ? {} : { mirrors },
    ...certDir === undefined ? {} : { certDirs: [certDir] },
    onWarning: (text) => console.error(`umiak: warning: ${text}`),
  };
}
