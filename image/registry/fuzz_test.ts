/** A registry that answers anything at all, from seeds: the client ends, within its limits, and throws errors of its own kinds. */
import assert from "node:assert/strict";
import { JsonError } from "../../json/mod.ts";
import { VerifyError } from "../verify.ts";
import { fixedCredentials } from "./auth/credentials.ts";
import { NetworkError, RegistryError } from "./http/errors.ts";
import { Registry } from "./registry.ts";
import type { Repository } from "./repository.ts";
import { collect, describe, noise, pieces, quick, served, smallImage } from "./testing/served.ts";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = a + 0x6D2B79F5 | 0;
    let t = Math.imul(a ^ a >>> 15, 1 | a);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

const { manifest, descriptor, blobs } = smallImage();
const BLOB = blobs[1]!;

/** An answer made of parts that each may be right, wrong or absurd. */
function anyAnswer(next: () => number, host: string, request: Request): Response {
  const pick = <T>(...values: T[]): T => values[Math.floor(next() * values.length)]!;
  const digest = pick(
    descriptor.digest,
    describe(BLOB).digest,
    `sha256:${"0".repeat(64)}`,
    "sha256:",
    "x",
    "sha512:ab",
  );
  const headers = new Headers();
  const maybe = (name: string, value: string): void => {
    if (next() < 0.3) headers.set(name, value);
  };
  maybe(
    "content-type",
    pick(
      descriptor.mediaType,
      "application/vnd.oci.image.index.v1+json",
      "text/html",
      "",
      ";;",
      "application/json; x=1",
    ),
  );
  maybe("docker-content-digest", digest);
  maybe(
    "location",
    pick(
      "/v2/a/blobs/uploads/1",
      `http://${host}/x?y`,
      "http://example.com/",
      "",
      "//",
      "http://[",
      "ftp://x",
      "?",
    ),
  );
  maybe(
    "link",
    pick(
      '</v2/a/tags/list?n=1>; rel="next"',
      "<",
      '<http://example.com>; rel="next"',
      `<?${next()}>;rel=next`,
      "<>;rel=next",
    ),
  );
  maybe("range", pick("0-0", "0-99", "0-999999999999999999999", "x", "bytes=0-5", "5-1"));
  maybe(
    "content-range",
    pick("bytes 0-99/1000", "bytes 5-1/2", "bytes */1000", "x", "bytes 99999999999999999999-1/1"),
  );
  maybe("retry-after", pick("0", "1", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", "x"));
  maybe(
    "www-authenticate",
    pick(
      `Bearer realm="http://${host}/token"`,
      "Basic",
      "Bearer",
      'Bearer realm="',
      `Bearer realm="http://${host}/v2/",scope="${"x ".repeat(50)}"`,
    ),
  );
  maybe("oci-chunk-min-length", pick("0", "1", "100", "99999999999999", "-1", "x"));
  maybe("oci-subject", digest);
  maybe("oci-tag", pick("x", ",,,", "x, x"));
  maybe("warning", pick('299 - "careful"', '299 - "', "x"));
  maybe("etag", pick('"x"', "W/x", ""));
  const status = pick(
    200,
    200,
    200,
    201,
    202,
    204,
    206,
    301,
    302,
    307,
    400,
    401,
    401,
    403,
    404,
    405,
    412,
    416,
    429,
    500,
    503,
    599,
  );
  const text = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
  const right = pick<Uint8Array<ArrayBuffer>>(
    manifest,
    BLOB,
    text({ tags: ["x", "y", 5, null].slice(0, Math.floor(next() * 5)) }),
    text({ token: pick<unknown>("abc", "", "a b", 7), expires_in: pick<unknown>(0, 1, -1, 1e300, "x") }),
    text({ errors: [{ code: "DENIED", message: "no" }, 5] }),
    text({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [descriptor, {}, 5].slice(0, Math.floor(next() * 4)),
    }),
    noise(Math.floor(next() * 5000), Math.floor(next() * 1000) + 1),
    text([[[[]]]]),
    new Uint8Array(0),
  );
  const bytes = right.slice();
  for (let n = Math.floor(next() * next() * 5); n > 0 && bytes.length > 0; n--) {
    bytes[Math.floor(next() * bytes.length)] = next() * 256;
  }
  const cut = next() < 0.2 ? bytes.subarray(0, Math.floor(next() * bytes.length)) : bytes;
  const bodiless = request.method === "HEAD" || [204, 301, 302, 307].includes(status);
  return new Response(bodiless ? null : cut, { status, headers });
}

const CALLS: readonly ((repository: Repository, registry: Registry) => Promise<unknown>)[] = [
  (_, registry) => registry.ping(),
  (repository) => repository.getManifest("x"),
  (repository) => repository.getManifest(descriptor.digest),
  (repository) => repository.headManifest("x"),
  (repository) => collect(repository.getBlob(describe(BLOB))),
  (repository) => collect(repository.getBlobFrom(describe(BLOB), 10)),
  (repository) => repository.hasBlob(describe(BLOB)),
  (repository) => repository.putBlob(describe(BLOB), () => pieces(BLOB, 300)),
  (repository) =>
    repository.putBlob(describe(BLOB), () => pieces(BLOB, 300), {
      mode: "chunked",
      chunkSize: 400,
      mountFrom: ["b"],
    }),
  (repository) => repository.putBlob(describe(BLOB), () => pieces(BLOB, 300), { mode: "single" }),
  (repository) => repository.putManifest(descriptor, manifest, { tags: ["x", "y"] }),
  (repository) => repository.deleteManifest(descriptor.digest),
  (repository) => repository.referrers(descriptor.digest),
  async (repository) => {
    let n = 0;
    for await (const _ of repository.tags()) if (++n > 50) break;
  },
];

const OWN = /^(127\.0\.0\.1:\d+|token for 127|registry 127)/;

Deno.test("whatever a registry answers, every call ends, with the right content or an error that names the registry", async () => {
  let ended = 0, good = 0;
  let next: () => number = random(1), requests = 0;
  let host = "";
  const handler = async (request: Request): Promise<Response> => {
    requests++;
    if (next() < 0.9) await request.bytes().catch(() => {});
    // Some answers are as they should be, or no call would get far.
    const { pathname } = new URL(request.url);
    if (pathname === "/v2/" && next() < 0.8) return new Response("{}");
    return anyAnswer(next, host, request);
  };
  await served(handler, async (address) => {
    host = address;
    for (let seed = 1; seed <= 600; seed++) {
      next = random(seed);
      requests = 0;
      const options = {
        ...quick(),
        credentials: fixedCredentials({ username: "me", password: "pass-word" }),
      };
      const registry = new Registry(host, options);
      const call = CALLS[seed % CALLS.length]!;
      try {
        const result = await call(registry.repository("a"), registry);
        good++;
        if (result instanceof Uint8Array && result.length === BLOB.length) {
          assert.deepEqual(result, BLOB, `seed ${seed}`);
        }
      } catch (error) {
        const known = [RegistryError, NetworkError, VerifyError, JsonError].some((type) =>
          error instanceof type
        ) ||
          (error as Error).constructor === Error;
        assert.ok(known, `seed ${seed}: ${Deno.inspect(error)}`);
        const { message } = error as Error;
        assert.match(message, OWN, `seed ${seed}: ${message}`);
        assert.ok(
          !message.includes("pass-word") && message.length < 2000 && !message.includes("\n"),
          message,
        );
      }
      ended++;
      assert.ok(requests < 1100, `seed ${seed}: ${requests} requests`);
    }
  });
  assert.equal(ended, 600);
  assert.ok(good > 10, `${good} calls succeeded`);
});
