/** A registry under test, with what a client would need. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DirectoryStorage } from "../directory_storage.ts";
import { MemoryStorage } from "../memory_storage.ts";
import { createRegistry, type Registry, type RegistryOptions } from "../registry.ts";
import type { RegistryStorage } from "../storage.ts";

/** Digest of bytes. */
export function digestOf(bytes: Uint8Array, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/** Text or a JSON value as bytes. */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** Media types of the tests. */
export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** See MANIFEST. */
export const INDEX = "application/vnd.oci.image.index.v1+json";
/** See MANIFEST. */
export const CONFIG = "application/vnd.oci.image.config.v1+json";

/** What a request has besides method and path. */
export interface Sent {
  /** Header fields. */
  readonly headers?: Record<string, string>;
  /** The body. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | string;
}

/** A response whose body has been read. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The body as JSON. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** See the module's comment. */
export class Harness {
  readonly registry: Registry;
  /** Errors that were not the client's. */
  readonly errors: unknown[] = [];

  constructor(readonly storage: RegistryStorage, options: Partial<RegistryOptions> = {}) {
    this.registry = createRegistry({
      storage,
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  /** Sends a request and reads the answer. */
  async send(method: string, path: string, { headers, body }: Sent = {}): Promise<Received> {
    const request = new Request(`http://registry.test${path}`, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    const response = await this.registry(request);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (method === "HEAD") assert.equal(bytes.length, 0, "an answer to HEAD has no body");
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      get json() {
        return JSON.parse(new TextDecoder().decode(bytes));
      },
    };
  }

  /** Sends a request that must be refused with this status and code; the message. */
  async refused(
    status: number,
    code: string,
    method: string,
    path: string,
    sent: Sent = {},
  ): Promise<string> {
    const answer = await this.send(method, path, sent);
    assert.equal(answer.status, status, `${method} ${path}: ${new TextDecoder().decode(answer.bytes)}`);
    if (method === "HEAD") return "";
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.json.errors[0].code, code);
    return answer.json.errors[0].message;
  }

  /** Begins an upload; its URL. */
  async begin(repository: string, query = ""): Promise<string> {
    const answer = await this.send("POST", `/v2/${repository}/blobs/uploads/${query}`);
    assert.equal(answer.status, 202);
    return answer.headers.get("location")!;
  }

  /** Pushes a blob; its descriptor. */
  async blob(
    repository: string,
    bytes: Uint8Array<ArrayBuffer>,
    mediaType = "application/octet-stream",
  ): Promise<{ mediaType: string; digest: string; size: number }> {
    const digest = digestOf(bytes);
    const location = await this.begin(repository);
    const answer = await this.send("PUT", `${location}?digest=${digest}`, { body: bytes });
    assert.equal(answer.status, 201);
    return { mediaType, digest, size: bytes.length };
  }

  /** A manifest whose blobs have been pushed, not pushed itself. */
  async manifest(repository: string, extra: Record<string, unknown> = {}): Promise<Uint8Array<ArrayBuffer>> {
    const config = await this.blob(repository, bytesOf("{}"), CONFIG);
    const layer = await this.blob(repository, bytesOf("a layer"), "application/vnd.oci.image.layer.v1.tar");
    return bytesOf({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], ...extra });
  }

  /** Pushes a manifest or an index; the answer. */
  async put(
    repository: string,
    reference: string,
    body: Uint8Array<ArrayBuffer>,
    type: string = MANIFEST,
  ): Promise<Received> {
    const answer = await this.send("PUT", `/v2/${repository}/manifests/${reference}`, {
      headers: { "content-type": type },
      body,
    });
    assert.equal(answer.status, 201, new TextDecoder().decode(answer.bytes));
    return answer;
  }
}

/** Registers a test for every kind of storage. */
export function forEachStorage(
  name: string,
  run: (h: Harness) => Promise<void>,
  options: Partial<RegistryOptions> = {},
): void {
  Deno.test(`${name} [memory]`, async () => {
    const h = new Harness(new MemoryStorage(), options);
    await run(h);
    await h.registry.close();
    assert.deepEqual(h.errors, []);
  });
  Deno.test(`${name} [directory]`, async () => {
    const root = await Deno.makeTempDir({ prefix: "umiak-registry-" });
    try {
      const h = new Harness(await DirectoryStorage.open(root), options);
      await run(h);
      await h.registry.close();
      assert.deepEqual(h.errors, []);
      assert.deepEqual([...Deno.readDirSync(`${root}/_uploads`)], [], "no upload leaves a file behind");
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}
