/** Registries on loopback, for tests of the client. @module */
import type { Descriptor } from "../../descriptor.ts";
import { sha256 } from "../../digest.ts";
import type { RetryClock } from "../http/retry.ts";
import type { RegistryOptions } from "../options.ts";
import { createRegistry, type RegistryOptions as ServerOptions } from "../server/registry.ts";
import { type Fault, type FaultyRegistry, withFaults } from "../server/faults.ts";
import { MemoryStorage } from "../server/memory_storage.ts";

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A clock that does not wait, and remembers for how long it would have. */
export class TestClock implements RetryClock {
  /** Milliseconds since 1970. */
  time = 1_700_000_000_000;
  /** All waits, the first first. */
  readonly sleeps: number[] = [];
  /** See RetryClock. */
  now(): number {
    return this.time;
  }
  /** See RetryClock. */
  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.time += ms;
    return Promise.resolve();
  }
}

/** Options under which nothing really waits, and jitter is none. */
export function quick(clock: TestClock = new TestClock()): RegistryOptions & { clock: TestClock } {
  return { clock, retry: { clock, random: () => 0.5 } };
}

/** Runs `run` while a server on loopback answers by `handler`. */
export async function served(handler: Handler, run: (host: string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      signal: stop.signal,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    },
    handler,
  );
  try {
    await run(`127.0.0.1:${server.addr.port}`);
  } finally {
    stop.abort();
    await server.finished;
  }
}

/** Runs `run` with a whole registry in memory, which misbehaves as `faults` say. */
export async function registryServed(
  run: (host: string, registry: FaultyRegistry) => Promise<void>,
  faults: readonly Fault[] = [],
  options: Partial<ServerOptions> = {},
): Promise<void> {
  const registry = createRegistry({ storage: new MemoryStorage(), ...options });
  const faulty = withFaults(registry, faults);
  try {
    await served(faulty, (host) => run(host, faulty));
  } finally {
    await registry.close();
  }
}

/** Runs `run` while every connection to a port of loopback is answered with raw bytes, whatever is asked. */
export async function rawServed(
  answer: (head: string, n: number) => Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  run: (host: string, heads: readonly string[]) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>(), work: Promise<void>[] = [], heads: string[] = [];
  const one = async (connection: Deno.Conn): Promise<void> => {
    try {
      const head = await readHead(connection);
      // TLS begins with 0x16: the client asks whether it is spoken here.
      if (head === "" || head.charCodeAt(0) === 0x16) return;
      heads.push(head);
      for await (const part of answer(head, heads.length)) {
        const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      }
    } catch {
      // The client has gone.
    } finally {
      open.delete(connection);
      try {
        connection.close();
      } catch {
        // Closed already.
      }
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      work.push(one(connection));
    }
  })().catch(() => {});
  try {
    await run(`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`, heads);
  } finally {
    listener.close();
    for (const connection of open) {
      open.delete(connection);
      try {
        connection.close();
      } catch {
        // Closed already.
      }
    }
    await accepting;
    await Promise.all(work);
  }
}

async function readHead(connection: Deno.Conn): Promise<string> {
  let head = "";
  const buffer = new Uint8Array(4096);
  while (!head.includes("\r\n\r\n")) {
    const n = await connection.read(buffer);
    if (n === null) return "";
    head += new TextDecoder("latin1").decode(buffer.subarray(0, n));
    if (head.charCodeAt(0) === 0x16) return head;
  }
  return head;
}

/** Bytes that look random, the same for the same seed. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let x = seed * 2654435761 >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

/** A descriptor of bytes. */
export function describe(bytes: Uint8Array, mediaType = "application/octet-stream"): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length, annotations: {} };
}

/** Bytes as a stream of pieces. */
export async function* pieces(bytes: Uint8Array, size = 65536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** Everything that a stream yields. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of source) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** A manifest with one layer, and the blobs that it names. */
export function smallImage(
  extra: Record<string, unknown> = {},
): { manifest: Uint8Array<ArrayBuffer>; descriptor: Descriptor; blobs: Uint8Array<ArrayBuffer>[] } {
  const encode = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
  const layer = noise(1000), config = encode({ architecture: "wasm", os: "wasip1" });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const part = (bytes: Uint8Array, type: string): object => ({
    mediaType: type,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const manifest = encode({
    schemaVersion: 2,
    mediaType,
    config: part(config, "application/vnd.oci.image.config.v1+json"),
    layers: [part(layer, "application/vnd.oci.image.layer.v1.tar")],
    ...extra,
  });
  return { manifest, descriptor: describe(manifest, mediaType), blobs: [config, layer] };
}
