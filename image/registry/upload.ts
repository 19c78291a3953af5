/** An upload of a blob that has begun, step by step (distribution-spec, Pushing blobs). @module */
import type { Descriptor } from "../descriptor.ts";
import { parseDigest } from "../digest.ts";
import { type Access, scope } from "./auth/authorizer.ts";
import { isNotFound, plain, RegistryError } from "./http/errors.ts";
import type { HopRequest, HopResponse } from "./http/message.ts";
import type { RepositoryContext } from "./repository_context.ts";
import type { ApiRequest } from "./session.ts";

/** Bytes that a registry has of an upload, by its Range header; undefined if it does not say. */
function uploadedBytes(response: HopResponse): number | undefined {
  const match = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("range") ?? "");
  return match === null ? undefined : Number(match[1]) + 1;
}

/** See the module's comment. */
export class Upload {
  readonly #context: RepositoryContext;
  readonly #access: Access;
  readonly #signal: AbortSignal | undefined;
  readonly #descriptor: Descriptor;
  #location: URL;
  /** Bytes that the registry has said it has. */
  offset = 0;
  /** Least size of every chunk but the last. */
  readonly minChunk: number;

  private constructor(
    context: RepositoryContext,
    descriptor: Descriptor,
    access: Access,
    response: HopResponse,
    signal: AbortSignal | undefined,
  ) {
    this.#context = context;
    this.#descriptor = descriptor;
    this.#access = access;
    this.#signal = signal;
    this.#location = this.#next(response, undefined);
    const least = response.headers.get("oci-chunk-min-length");
    this.minChunk = least !== null && /^\d{1,15}$/.test(least) ? Number(least) : 0;
  }

  /**
   * Begins an upload. Undefined: nothing is left to do, because the blob could be mounted from the repository `from`, or because the
   * registry took `body` at once.
   */
  static async begin(
    context: RepositoryContext,
    descriptor: Descriptor,
    options: { from?: string; body?: HopRequest["body"]; signal?: AbortSignal | undefined },
  ): Promise<Upload | undefined> {
    const { from, body, signal } = options;
    const { session, name } = context.origin;
    const scopes = [scope(name, "pull,push"), ...(from === undefined ? [] : [scope(from, "pull")])];
    const { algorithm } = parseDigest(descriptor.digest)!;
    const query = from !== undefined
      ? `?mount=${encodeURIComponent(descriptor.digest)}&from=${encodeURIComponent(from)}`
      : body !== undefined
      ? `?digest=${encodeURIComponent(descriptor.digest)}`
      : algorithm === "sha256"
      ? ""
      : `?digest-algorithm=${algorithm}`;
    const response = await session.request({
      method: "POST",
      to: `${name}/blobs/uploads/${query}`,
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/octet-stream" } }),
      access: { repository: name, scopes },
      expect: from !== undefined || body !== undefined ? [201, 202] : [202],
      what: `${from === undefined ? "upload to" : `mounting from ${from} into`} ${context.name}`,
      commit: body !== undefined,
      repeat: body === undefined,
      signal,
    });
    await response.discard();
    if (response.status === 201) return undefined;
    const access = { repository: name, scopes: [scope(name, "pull,push")] };
    return new Upload(context, descriptor, access, response, signal);
  }

  /** Where to go on: what the registry says, as it says it. */
  #next(response: HopResponse, otherwise: URL | undefined): URL {
    const location = response.headers.get("location");
    const bad = (why: string): RegistryError =>
      new RegistryError(
        `${this.#context.text}: upload of ${this.#descriptor.digest}: ${why}`,
        response.status,
      );
    if (location === null) {
      if (otherwise !== undefined) return otherwise;
      throw bad("the registry does not say where to upload to");
    }
    let url: URL;
    try {
      url = new URL(location, response.url);
    } catch {
      throw bad("the registry gives no valid address to upload to");
    }
    if (response.url.protocol === "https:" && url.protocol !== "https:") {
      throw bad(`the registry wants the upload without TLS, at ${plain(url.host)}`);
    }
    return url;
  }

  async #request(
    request: Pick<ApiRequest, "method" | "to" | "expect"> & Partial<ApiRequest>,
  ): Promise<HopResponse> {
    const response = await this.#context.origin.session.request({
      access: this.#access,
      what: `upload of ${this.#descriptor.digest} to ${this.#context.name}`,
      signal: this.#signal,
      ...request,
    });
    await response.discard();
    return response;
  }

  /** Asks how much the registry has. False: it knows nothing of this upload any more. */
  async refresh(): Promise<boolean> {
    try {
      const response = await this.#request({
        method: "GET",
        to: this.#location,
        expect: [200, 204],
        small: true,
      });
      this.#location = this.#next(response, this.#location);
      // "0-0" is one byte by the specification, and none by many registries: none can be relied on.
      const bytes = uploadedBytes(response) ?? 0;
      this.offset = bytes === 1 ? 0 : bytes;
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Sends the bytes that follow those the registry has. Not repeated by itself: see refresh. */
  async patch(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const end = this.offset + bytes.length;
    const response = await this.#request({
      method: "PATCH",
      to: this.#location,
      headers: { "content-type": "application/octet-stream", "content-range": `${this.offset}-${end - 1}` },
      body: bytes,
      expect: [201, 202, 204],
      repeat: false,
      commit: true,
    });
    this.#location = this.#next(response, this.#location);
    this.offset = uploadedBytes(response) ?? end;
  }

  /** Closes the upload, after the last chunk or with the whole blob as `body`. */
  async finish(body?: HopRequest["body"]): Promise<void> {
    // The address is the registry's own: only the digest is added, and nothing written anew.
    const to = new URL(this.#location);
    to.search = `${to.search === "" ? "?" : `${to.search}&`}digest=${
      encodeURIComponent(this.#descriptor.digest)
    }`;
    const response = await this.#request({
      method: "PUT",
      to,
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/octet-stream" } }),
      expect: [201, 204],
      repeat: false,
      commit: true,
    });
    const said = response.headers.get("docker-content-digest");
    const { digest } = this.#descriptor;
    if (said !== null && said.split(":")[0] === digest.split(":")[0] && said !== digest) {
      throw new RegistryError(
        `${this.#context.text}: upload of ${digest}: the registry has stored ${plain(said)}`,
        response.status,
      );
    }
  }

  /** Gives the upload up (distribution-spec, Cancel a blob upload). Failures do not matter. */
  async cancel(): Promise<void> {
    try {
      await this.#context.origin.session.request({
        method: "DELETE",
        to: this.#location,
        access: this.#access,
        what: "cancelling an upload",
        expect: [200, 202, 204],
        small: true,
        repeat: false,
        signal: AbortSignal.timeout(5000),
      }).then((response) => response.discard());
    } catch {
      // The registry forgets it by itself in time.
    }
  }
}
