/** Blobs on their way in (distribution-spec, Pushing blobs). @module */
import type { Hash } from "node:crypto";
import { type Digest, hasher } from "../../digest.ts";
import { bodyChunks, BodyCutError, contentLength } from "./body.ts";
import type { Context } from "./context.ts";
import { RegistryError } from "./errors.ts";
import type { BlobUpload } from "./storage.ts";

/** One upload. */
export interface UploadSession {
  /** The unique id in its URL. */
  readonly id: string;
  /** The repository that it is for. */
  readonly repository: string;
  /** The algorithm of its running hash. */
  readonly algorithm: string;
  /** The bytes so far. */
  readonly upload: BlobUpload;
  /** Hash of the bytes so far. */
  hash: Hash;
  /** A request is using it. */
  busy: boolean;
  /** It was cancelled while a request was using it. */
  cancelled: boolean;
  /** A chunk smaller than chunkMinLength has come, which only the last may be. */
  short: boolean;
  /** When it was last used. */
  touched: number;
}

const CONTENT_RANGE = /^([0-9]+)-([0-9]+)$/;

function notAsLong(length: number): RegistryError {
  return new RegistryError(400, "SIZE_INVALID", `the body is not as long as the ${length} bytes stated`);
}

/** The URL of an upload. */
export function uploadLocation({ repository, id }: UploadSession): string {
  return `/v2/${repository}/blobs/uploads/${id}`;
}

/** Where an upload stands, as headers. An empty upload has no last byte; "0-0" is what registries say then. */
export function uploadStatus(session: UploadSession): Record<string, string> {
  return {
    "location": uploadLocation(session),
    "range": `0-${Math.max(session.upload.size - 1, 0)}`,
    "docker-upload-uuid": session.id,
    "content-length": "0",
  };
}

/** The uploads of a registry. */
export class Uploads {
  readonly #context: Context;
  readonly #open: Map<string, UploadSession> = new Map();
  #beginning = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Begins an upload. Throws a RegistryError when there are too many. */
  async begin(repository: string, algorithm: string): Promise<UploadSession> {
    const { limits, storage, now } = this.#context;
    await this.sweep();
    if (this.#open.size + this.#beginning >= limits.uploads) {
      const wait = { "retry-after": "10" };
      throw new RegistryError(429, "TOOMANYREQUESTS", `${limits.uploads} uploads are open already`, wait);
    }
    this.#beginning++;
    try {
      const hash = hasher(algorithm);
      const session: UploadSession = {
        id: crypto.randomUUID(),
        repository,
        algorithm,
        upload: await storage.upload(),
        hash,
        busy: false,
        cancelled: false,
        short: false,
        touched: now(),
      };
      this.#open.set(session.id, session);
      return session;
    } finally {
      this.#beginning--;
    }
  }

  /** An open upload of a repository. Throws a RegistryError if there is none. */
  async find(repository: string, id: string): Promise<UploadSession> {
    await this.sweep();
    const session = this.#open.get(id);
    if (session === undefined || session.repository !== repository) {
      throw new RegistryError(404, "BLOB_UPLOAD_UNKNOWN", `upload ${JSON.stringify(id)} is not open`);
    }
    session.touched = this.#context.now();
    return session;
  }

  /** Gives an upload up, at once or when the request that uses it notices. */
  async cancel(session: UploadSession): Promise<void> {
    this.#open.delete(session.id);
    session.cancelled = true;
    if (!session.busy) await session.upload.discard();
  }

  /** Gives up what nothing has been heard of for too long. */
  async sweep(): Promise<void> {
    const oldest = this.#context.now() - this.#context.limits.uploadExpiryMs;
    for (const session of this.#open.values()) {
      if (!session.busy && session.touched < oldest) await this.cancel(session);
    }
  }

  /** Gives up everything. */
  async close(): Promise<void> {
    for (const session of this.#open.values()) await this.cancel(session);
  }

  /** Runs `f` while no other request may use the upload. */
  async exclusive<T>(session: UploadSession, f: () => Promise<T>): Promise<T> {
    if (session.busy) {
      throw new RegistryError(409, "BLOB_UPLOAD_INVALID", "another request is writing to this upload");
    }
    session.busy = true;
    try {
      return await f();
    } finally {
      session.busy = false;
      session.touched = this.#context.now();
      if (session.cancelled) await session.upload.discard();
    }
  }

  /**
   * Adds a request's body to an upload. What arrived of a body that breaks off is kept, so that the client can go on from there; a body
   * that is not as long as the request says is dropped.
   */
  async receive(session: UploadSession, request: Request): Promise<void> {
    const { upload } = session;
    const { limits, chunkMinLength } = this.#context;
    const length = this.#expected(session, request);
    const before = upload.size, hash = session.hash.copy();
    try {
      const most = limits.blob - before;
      for await (const chunk of bodyChunks(request, { most, idleMs: limits.bodyIdleMs })) {
        if (session.cancelled) {
          throw new RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "the upload was cancelled");
        }
        if (session.short) {
          const message = `only the last chunk may be smaller than ${chunkMinLength} bytes`;
          throw new RegistryError(400, "SIZE_INVALID", message);
        }
        if (length !== undefined && upload.size + chunk.length - before > length) throw notAsLong(length);
        await upload.write(chunk);
        session.hash.update(chunk);
        session.touched = this.#context.now();
      }
      if (length !== undefined && upload.size - before !== length) throw notAsLong(length);
    } catch (error) {
      if (!(error instanceof BodyCutError)) await this.#rollBack(session, before, hash);
      throw error;
    }
    session.short ||= upload.size > before && upload.size - before < chunkMinLength;
  }

  /** Takes an upload back to where it was. If that fails, content and hash are no longer of the same bytes: the upload is over. */
  async #rollBack(session: UploadSession, size: number, hash: Hash): Promise<void> {
    try {
      await session.upload.truncate(size);
      session.hash = hash;
    } catch (error) {
      await this.cancel(session);
      throw error;
    }
  }

  /** How long the body has to be, if the request says so. Throws a RegistryError for a chunk that is not the next one. */
  #expected(session: UploadSession, request: Request): number | undefined {
    const { upload } = session;
    const length = contentLength(request);
    const range = request.headers.get("content-range");
    if (range === null) return length;
    const match = CONTENT_RANGE.exec(range);
    const [start, end] = [Number(match?.[1]), Number(match?.[2])];
    if (match === null || end < start || !Number.isSafeInteger(end)) {
      const message = `content-range ${JSON.stringify(range)} is not FIRST-LAST`;
      throw new RegistryError(400, "BLOB_UPLOAD_INVALID", message);
    }
    if (start !== upload.size) {
      const message = `a chunk from byte ${start}, but byte ${upload.size} is the next`;
      const { "content-length": _, ...status } = uploadStatus(session);
      throw new RegistryError(416, "BLOB_UPLOAD_INVALID", message, status);
    }
    if (length !== undefined && length !== end - start + 1) {
      const message = `content-range ${range} is ${end - start + 1} bytes, content-length ${length}`;
      throw new RegistryError(400, "SIZE_INVALID", message);
    }
    return end - start + 1;
  }

  /** Makes an upload a blob. Throws a RegistryError if its content does not have the digest. */
  async finish(session: UploadSession, digest: Digest): Promise<void> {
    const { upload, repository } = session;
    // Over in every case: the content is the blob's now, or it was wrong from the beginning.
    this.#open.delete(session.id);
    let hash = session.hash;
    try {
      if (digest.algorithm !== session.algorithm) {
        hash = hasher(digest.algorithm);
        for await (const chunk of upload.read()) hash.update(chunk);
      }
      const encoded = hash.digest("hex");
      if (encoded !== digest.encoded) {
        const found = `${digest.algorithm}:${encoded}`;
        const message = `the content's digest is ${found}, not ${digest.algorithm}:${digest.encoded}`;
        throw new RegistryError(400, "DIGEST_INVALID", message);
      }
    } catch (error) {
      await upload.discard();
      throw error;
    }
    await upload.commit(repository, `${digest.algorithm}:${digest.encoded}`);
  }
}
