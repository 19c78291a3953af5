/** A registry as a function from requests to responses. @module */
import { type Access, type Action, type Grant, OPEN_GRANT, type RegistryAuth } from "./auth.ts";
import { deleteBlob, getBlob, postUpload, useUpload } from "./blobs.ts";
import {
  type Call,
  type Context,
  DEFAULT_FEATURES,
  DEFAULT_LIMITS,
  type RegistryFeatures,
  type RegistryLimits,
} from "./context.ts";
import { errorResponse, jsonResponse, RegistryError } from "./errors.ts";
import { listRepositories, listTags } from "./listing.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { Referrers } from "./referrers.ts";
import { parseRoute, type Route } from "./routes.ts";
import type { RegistryStorage } from "./storage.ts";
import { Uploads } from "./uploads.ts";

/** How a registry is made. */
export interface RegistryOptions {
  /** Where its content is. */
  readonly storage: RegistryStorage;
  /** Who may do what; everybody everything unless told. */
  readonly auth?: RegistryAuth;
  /** Refuses to change anything. */
  readonly readOnly?: boolean;
  /** What it can do. */
  readonly features?: Partial<RegistryFeatures>;
  /** What clients may make it hold. */
  readonly limits?: Partial<RegistryLimits>;
  /** Smallest chunk but the last, bytes (OCI-Chunk-Min-Length). */
  readonly chunkMinLength?: number;
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Told of errors that are not the client's; their text is not sent to it. */
  readonly onError?: (error: unknown, request: Request) => void;
}

/** A registry. It never rejects. */
export interface Registry {
  /** Answers a request. */
  (request: Request): Promise<Response>;
  /** Gives up uploads that have expired; requests for uploads do so too. */
  sweep(): Promise<void>;
  /** Gives up all uploads. */
  close(): Promise<void>;
}

/** Methods of each endpoint, and what they do with the repository. */
const METHODS: Readonly<Record<Route["kind"], Readonly<Record<string, readonly Action[]>>>> = {
  support: { GET: [], HEAD: [] },
  catalog: { GET: [], HEAD: [] },
  tags: { GET: ["pull"], HEAD: ["pull"] },
  referrers: { GET: ["pull"], HEAD: ["pull"] },
  uploads: { POST: ["pull", "push"] },
  upload: { GET: ["pull", "push"], PATCH: ["pull", "push"], PUT: ["pull", "push"], DELETE: ["pull", "push"] },
  blob: { GET: ["pull"], HEAD: ["pull"], DELETE: ["delete"] },
  manifest: { GET: ["pull"], HEAD: ["pull"], PUT: ["pull", "push"], DELETE: ["delete"] },
};

/** Throws a RegistryError for a request that is larger than requests are. */
function checkSize(request: Request, limits: RegistryLimits): void {
  if (request.url.length > limits.url) {
    throw new RegistryError(414, "SIZE_INVALID", `a URL of more than ${limits.url} characters`);
  }
  let size = 0;
  for (const [name, value] of request.headers) size += name.length + value.length;
  if (size > limits.headers) {
    throw new RegistryError(431, "SIZE_INVALID", `more than ${limits.headers} bytes of header fields`);
  }
}

/** Throws a RegistryError for a method that the endpoint does not have, or that is switched off. */
function actionsOf(
  route: Route,
  method: string,
  options: RegistryOptions,
  features: RegistryFeatures,
): readonly Action[] {
  const methods = METHODS[route.kind];
  const actions = Object.hasOwn(methods, method) ? methods[method]! : undefined;
  const allow = (names: readonly string[]): Record<string, string> => ({ allow: names.join(", ") });
  const reading = ["GET", "HEAD"].filter((each) => each in methods);
  if (actions === undefined) {
    const message = `${method} is not possible here`;
    throw new RegistryError(405, "UNSUPPORTED", message, allow(Object.keys(methods)));
  }
  if (options.readOnly && (route.kind === "upload" || !["GET", "HEAD"].includes(method))) {
    throw new RegistryError(405, "UNSUPPORTED", "the registry is read-only", allow(reading));
  }
  if (actions.includes("delete") && !features.deletes) {
    const others = Object.keys(methods).filter((each) => each !== "DELETE");
    throw new RegistryError(405, "UNSUPPORTED", "nothing can be deleted here", allow(others));
  }
  return actions;
}

/** Makes a registry that speaks all of the OCI distribution specification. */
export function createRegistry(options: RegistryOptions): Registry {
  const context: Context = {
    storage: options.storage,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    features: { ...DEFAULT_FEATURES, ...options.features },
    chunkMinLength: options.chunkMinLength ?? 0,
    now: options.now ?? Date.now,
  };
  const { limits, features } = context;
  const uploads = new Uploads(context), referrers = new Referrers(context);

  const dispatch = (route: Route, call: Call): Promise<Response> => {
    const { method } = call.request;
    switch (route.kind) {
      case "support":
        return Promise.resolve(jsonResponse(200, {}));
      case "catalog":
        return listRepositories(context, call);
      case "tags":
        return listTags(context, call, route.repository);
      case "referrers":
        return referrers.list(call, route.repository, route.reference);
      case "uploads":
        return postUpload(context, uploads, call, route.repository);
      case "upload":
        return useUpload(uploads, call, route.repository, route.reference);
      case "blob":
        return method === "DELETE"
          ? deleteBlob(context, route.repository, route.reference)
          : getBlob(context, call, route.repository, route.reference);
      case "manifest":
        if (method === "PUT") return putManifest(context, call, route.repository, route.reference);
        return method === "DELETE"
          ? deleteManifest(context, route.repository, route.reference)
          : getManifest(context, call, route.repository, route.reference);
    }
  };

  const answer = async (request: Request): Promise<Response> => {
    checkSize(request, limits);
    const own = await options.auth?.endpoint?.(request);
    if (own !== undefined) return own;
    const { pathname, searchParams: query } = new URL(request.url);
    const reading = request.method === "GET" || request.method === "HEAD";
    const route = parseRoute(pathname, reading);
    const off = route === undefined || (route.kind === "catalog" && !features.catalog) ||
      (route.kind === "referrers" && !features.referrers);
    if (off) throw new RegistryError(404, "UNSUPPORTED", `there is nothing at ${pathname}`);
    const actions = actionsOf(route, request.method, options, features);
    const repository = "repository" in route ? route.repository : undefined;
    const access: Access | undefined = route.kind === "support" ? undefined : { repository, actions };
    const grant: Grant = await options.auth?.authorize(request, access) ?? OPEN_GRANT;
    return await dispatch(route, { request, query, grant });
  };

  const registry = async (request: Request): Promise<Response> => {
    let response: Response;
    try {
      response = await answer(request);
    } catch (error) {
      const known = errorResponse(error);
      if (known === undefined) options.onError?.(error, request);
      response = known ?? new Response(null, { status: 500, headers: { "content-length": "0" } });
    }
    response.headers.set("docker-distribution-api-version", "registry/2.0");
    // What clients push is sent back as the type that they say; a browser must not make more of it.
    response.headers.set("x-content-type-options", "nosniff");
    return request.method === "HEAD" && response.body !== null ? await bodiless(response) : response;
  };
  return Object.assign(registry, { sweep: () => uploads.sweep(), close: () => uploads.close() });
}

/** The response without its body, for HEAD. */
async function bodiless(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}
