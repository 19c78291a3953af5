/**
 * One exchange by `node:http`, for what `fetch` cannot: a streamed body with its Content-Length, a server whose certificate is its own
 * issuer's, and servers that are not to be verified.
 * @module
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { type Hop, type HopRequest, isStream, outgoing, type StreamBody } from "./message.ts";
import type { Progress } from "./watchdog.ts";

/** TLS as it is wanted for one host. */
export interface TlsSettings {
  /** False: any certificate will do. */
  readonly verify: boolean;
  /** Certificates of issuers that are trusted beside the usual ones (PEM). */
  readonly ca: readonly string[];
  /** Certificate of the client (PEM). */
  readonly cert?: string;
  /** Its key (PEM). */
  readonly key?: string;
}

async function tlsOptions(settings: TlsSettings | undefined): Promise<RequestOptions> {
  if (settings === undefined) return {};
  const { verify, ca, cert, key } = settings;
  const { rootCertificates } = await import("node:tls");
  return {
    rejectUnauthorized: verify,
    ...(ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function headersOf(request: HopRequest): Record<string, string> {
  const headers = Object.fromEntries(request.headers);
  const { body } = request;
  if (body !== undefined) headers["content-length"] = String(isStream(body) ? body.size : body.length);
  else if (!["GET", "HEAD"].includes(request.method)) headers["content-length"] = "0";
  return headers;
}

/** A Hop by node:http or node:https. */
export function nodeHop(settings?: TlsSettings): Hop {
  return async (request, signal, progress) => {
    const secure = request.url.protocol === "https:";
    const { request: open } = secure ? await import("node:https") : await import("node:http");
    const options = secure ? await tlsOptions(settings) : {};
    const { method } = request;
    // An agent of its own, so that no connection stays behind; uploads are few and long.
    const sent = open(request.url, { method, headers: headersOf(request), agent: false, signal, ...options });
    const message = await answer(sent, request, signal, progress);
    const headers = new Headers();
    try {
      for (const [name, value] of Object.entries(message.headersDistinct)) {
        for (const each of value ?? []) headers.append(name, each);
      }
    } catch (error) {
      sent.destroy();
      throw error;
    }
    message.once("close", () => sent.destroy());
    return {
      status: message.statusCode ?? 0,
      headers,
      url: request.url,
      body: message,
      discard: () => {
        message.on("error", () => {}).destroy();
        sent.destroy();
        return Promise.resolve();
      },
    };
  };
}

async function send(body: StreamBody, to: ClientRequest, progress: Progress): Promise<void> {
  const { Readable } = await import("node:stream");
  const { pipeline } = await import("node:stream/promises");
  await pipeline(Readable.from(outgoing(body, progress), { objectMode: false }), to);
}

function answer(
  sent: ClientRequest,
  request: HopRequest,
  signal: AbortSignal,
  progress: Progress,
): Promise<IncomingMessage> {
  const { body } = request;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      sent.destroy();
      reject(signal.aborted ? signal.reason : error);
    };
    sent.on("error", fail);
    sent.once("response", resolve);
    if (!isStream(body)) sent.end(body);
    else send(body, sent, progress).catch(fail);
  });
}
