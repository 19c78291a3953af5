/** `umiak registry`. @module */
import { isLoopback, serveRegistry, type ServeRegistryOptions } from "../../image/registry/server/serve.ts";
import { defaultRoot } from "../../image/store/default_root.ts";
import type { Parsed } from "../parser.ts";
import { parseSize } from "../values.ts";

/** Reads HOST:PORT; an IPv6 address is in brackets. */
function address(text: string): { hostname: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) {
    throw new Error(`--listen: ${JSON.stringify(text)} is not HOST:PORT such as 127.0.0.1:5000`);
  }
  return { hostname: match[1]!.replace(/^\[|\]$/g, ""), port };
}

function pem(option: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`${option} ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function tls(parsed: Parsed): Pick<ServeRegistryOptions, "tls"> {
  const cert = parsed.value("tls-cert"), key = parsed.value("tls-key");
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) {
    throw parsed.error("--tls-cert and --tls-key belong together");
  }
  return { tls: { cert: pem("--tls-cert", cert), key: pem("--tls-key", key) } };
}

/** What the arguments of `umiak registry serve` mean. */
export function serveOptions(parsed: Parsed): ServeRegistryOptions {
  const htpasswd = parsed.value("htpasswd"), maxBlob = parsed.value("max-blob");
  if (parsed.has("anonymous-pull") && htpasswd === undefined) {
    throw parsed.error("--anonymous-pull is for --htpasswd: without it everybody may read");
  }
  return {
    root: parsed.value("root") ?? `${defaultRoot()}/registry`,
    ...address(parsed.value("listen") ?? "127.0.0.1:5000"),
    ...(htpasswd === undefined ? {} : { htpasswd, anonymousPull: parsed.has("anonymous-pull") }),
    ...tls(parsed),
    readOnly: parsed.has("read-only"),
    features: { deletes: !parsed.has("no-delete"), sparseIndexes: parsed.has("allow-sparse") },
    ...(maxBlob === undefined ? {} : { limits: { blob: parseSize(maxBlob, "--max-blob") } }),
  };
}

/** `umiak registry serve`. */
export async function serve(parsed: Parsed): Promise<number> {
  const options = serveOptions(parsed);
  const onError = (error: unknown, { method, url }: Request): void =>
    console.error(`umiak: ${method} ${new URL(url).pathname}: ${(error as Error).message}`);
  const registry = await serveRegistry({ ...options, onError });
  if (options.htpasswd !== undefined && options.tls === undefined && !isLoopback(options.hostname)) {
    console.error("umiak: passwords go over the network in the clear; --tls-cert and --tls-key prevent that");
  }
  console.log(`Listening on ${registry.url}`);
  let asked = 0;
  // Whoever asks twice does not want to wait for anybody's upload.
  const stop = (): unknown => asked++ === 0 ? registry.shutdown() : registry.shutdown(0);
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  await registry.finished;
  return 0;
}
