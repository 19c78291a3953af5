/** A registry at an address of this host. @module */
import { DirectoryStorage } from "./directory_storage.ts";
import { basicAuth, readHtpasswd } from "./htpasswd.ts";
import { createRegistry, type RegistryOptions } from "./registry.ts";

/** What is served, and where. */
export interface ServeRegistryOptions extends Omit<RegistryOptions, "storage" | "auth"> {
  /** Directory of the content. */
  readonly root: string;
  /** Address to listen on. */
  readonly hostname: string;
  /** Port; 0 for one that is free. */
  readonly port: number;
  /** Path of a file with users (htpasswd -B); everybody may do everything without one. */
  readonly htpasswd?: string;
  /** Lets everybody read all the same. */
  readonly anonymousPull?: boolean;
  /** PEM certificates and key; plain HTTP without them. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A registry that is listening. */
export interface ServedRegistry {
  /** "http://127.0.0.1:5000". */
  readonly url: string;
  /** Ends when it no longer listens. */
  readonly finished: Promise<void>;
  /** Takes no more connections, waits `graceMs` for the requests that are under way, and gives up what is left. */
  shutdown(graceMs?: number): Promise<void>;
}

/** How often uploads that have expired are looked for, milliseconds. */
const SWEEP = 60_000;

/** True for an address that only this host can reach. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** Serves a registry until it is shut down. Throws if it cannot begin. */
export async function serveRegistry(options: ServeRegistryOptions): Promise<ServedRegistry> {
  const { root, hostname, port, htpasswd, anonymousPull = false, tls, ...rest } = options;
  const auth = htpasswd === undefined
    ? undefined
    : basicAuth(await readHtpasswd(htpasswd), { anonymousPull });
  const storage = await DirectoryStorage.open(root);
  const registry = createRegistry({ ...rest, storage, ...(auth === undefined ? {} : { auth }) });
  const running = new Set<Promise<unknown>>();
  let closing = false;
  const follow = (work: Promise<unknown>): void => {
    const settled = work.then(() => {}, () => {}).finally(() => running.delete(settled));
    running.add(settled);
  };
  const handler = (request: Request, info: Deno.ServeHandlerInfo): Promise<Response> => {
    if (closing) {
      return Promise.resolve(new Response(null, { status: 503, headers: { connection: "close" } }));
    }
    const response = registry(request);
    follow(response);
    follow(info.completed);
    return response;
  };
  const abort = new AbortController();
  const server = listen({ hostname, port, signal: abort.signal, ...(tls ?? {}) }, handler);
  const timer = setInterval(() => registry.sweep().catch(() => {}), SWEEP);
  const shutdown = async (graceMs = 10_000): Promise<void> => {
    closing = true;
    let last: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => last = setTimeout(resolve, graceMs));
    await Promise.race([Promise.all(running), late]);
    clearTimeout(last);
    // Ends connections too; after server.shutdown() that would no longer be possible.
    abort.abort();
    await finished;
  };
  const finished = (async () => {
    await server.finished;
    clearInterval(timer);
    await registry.close();
    // Requests whose connections were ended notice it now, and remove their files.
    await Promise.all(running);
  })();
  const { addr } = server;
  const host = addr.hostname.includes(":") ? `[${addr.hostname}]` : addr.hostname;
  const url = `${tls === undefined ? "http" : "https"}://${host}:${addr.port}`;
  return { url, finished, shutdown };
}

function listen(
  options: Deno.ServeTcpOptions | (Deno.ServeTcpOptions & Deno.TlsCertifiedKeyPem),
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ ...options, onListen: () => {} }, handler);
  } catch (error) {
    const where = `${options.hostname}:${options.port}`;
    throw new Error(`listening on ${where}: ${(error as Error).message}`, { cause: error });
  }
}
