/** Users and tokens. */
import assert from "node:assert/strict";
import { hashSync } from "bcryptjs";
import { basicAuth, parseBasic, parseHtpasswd } from "./htpasswd.ts";
import { bytesOf, digestOf, Harness, MANIFEST } from "./testing/harness.ts";
import { MemoryStorage } from "./memory_storage.ts";
import { signToken, verifyToken } from "./token.ts";
import { createTokenAuth, type TokenAuthOptions } from "./token_auth.ts";

/** As `htpasswd -B` writes it: made by libcrypt, not by the library that checks it. The password is "s3cret". */
const ALICE = "alice:$2y$05$tVK10TE6A7If8mv/UbmTxO/P4rAiQSNKiBJywrVLWbvSD/mH8iUaG";
const FILE = `# users\n\n${ALICE}\r\nbob:${hashSync("pass:word é", 4)}\n`;
const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`,
});

Deno.test("parseHtpasswd() takes what htpasswd -B writes, and passwords with colons and non-ASCII", async () => {
  const users = parseHtpasswd(FILE, "users");
  for (let i = 0; i < 2; i++) {
    assert.equal(await users.check("alice", "s3cret"), true);
    assert.equal(await users.check("bob", "pass:word é"), true);
    assert.equal(await users.check("alice", "S3cret"), false);
    assert.equal(await users.check("alice", ""), false);
    assert.equal(await users.check("carol", "s3cret"), false);
    assert.equal(await users.check("", ""), false);
  }
});

Deno.test("parseHtpasswd() refuses weak hashes and plain passwords, by line, without repeating them", () => {
  for (
    const [hash, why] of [
      ["{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", /unsalted SHA-1/],
      ["$apr1$abc$W6ph5Mm5Pz8GgiULbPgzG3", /MD5/],
      ["$6$abc$W6ph5Mm5Pz8GgiULbPgzG3", /SHA-crypt/],
      ["hunter2", /crypt\(3\) hash or a plain password/],
      ["$2y$31$tVK10TE6A7If8mv/UbmTxO/P4rAiQSNKiBJywrVLWbvSD/mH8iUaG", /cost 31 is more than 17/],
    ] as const
  ) {
    assert.throws(() => parseHtpasswd(`${ALICE}\nx:${hash}`, "users"), (error: Error) => {
      assert.match(error.message, why);
      assert.match(error.message, /^users:2: /);
      return !error.message.includes(hash);
    });
  }
  assert.throws(() => parseHtpasswd("no colon", "users"), /users:1: expected USER:HASH/);
  assert.throws(() => parseHtpasswd(`${ALICE}\n${ALICE}`, "users"), /users:2: user "alice" occurs twice/);
});

Deno.test("a password longer than bcrypt looks at is wrong, not cut off", async () => {
  const long = "x".repeat(72);
  const users = parseHtpasswd(`u:${hashSync(long, 4)}`, "users");
  assert.equal(await users.check("u", long), true);
  assert.equal(await users.check("u", `${long}y`), false);
});

Deno.test("many logins at one time are 429, not a queue without end", async () => {
  const users = parseHtpasswd(`u:${hashSync("p", 4)}`, "users");
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => users.check("u", `wrong${i}`)),
  );
  const refused = answers.filter((each) => each.status === "rejected");
  assert.equal(refused.length, 36);
  assert.match(String(refused[0]!.reason), /too many logins/);
  assert.equal(await users.check("u", "p"), true);
});

Deno.test("parseBasic() reads user and password, and nothing else", () => {
  assert.deepEqual(parseBasic(basic("a", "b:c").authorization!), { user: "a", password: "b:c" });
  assert.deepEqual(parseBasic("bASIC  OmI="), { user: "", password: "b" });
  for (const bad of [null, "", "Basic", "Basic !", "Bearer YTpi", "Basic YQ==", "Basic /zo="]) {
    assert.equal(parseBasic(bad), undefined, String(bad));
  }
});

Deno.test("basicAuth() challenges, lets users in, and hides what there is from others", async () => {
  const h = new Harness(new MemoryStorage(), { auth: basicAuth(parseHtpasswd(FILE, "users")) });
  const right = basic("alice", "s3cret");
  for (
    const [method, path] of [
      ["GET", "/v2/"],
      ["GET", "/v2/_catalog"],
      ["GET", "/v2/none/tags/list"],
      ["HEAD", "/v2/a/manifests/v1"],
      ["POST", "/v2/a/blobs/uploads/"],
    ] as const
  ) {
    for (const headers of [{}, basic("alice", "wrong"), { authorization: "Bearer x" }]) {
      const answer = await h.send(method, path, { headers });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get("www-authenticate"), 'Basic realm="umiak registry", charset="UTF-8"');
      if (method !== "HEAD") assert.equal(answer.json.errors[0].code, "UNAUTHORIZED");
    }
  }
  assert.equal((await h.send("GET", "/v2/", { headers: right })).status, 200);
  assert.equal((await h.send("POST", "/v2/a/blobs/uploads/", { headers: right })).status, 202);
});

Deno.test("basicAuth() with anonymousPull: everybody reads, users write", async () => {
  const storage = new MemoryStorage();
  const open = new Harness(storage);
  await open.put("a", "v1", await open.manifest("a"));
  const auth = basicAuth(parseHtpasswd(FILE, "users"), { anonymousPull: true });
  const h = new Harness(storage, { auth });
  assert.equal((await h.send("GET", "/v2/")).status, 401);
  assert.equal((await h.send("GET", "/v2/a/manifests/v1")).status, 200);
  assert.deepEqual((await h.send("GET", "/v2/_catalog")).json.repositories, ["a"]);
  for (
    const [method, path] of [
      ["PUT", "/v2/a/manifests/v2"],
      ["DELETE", "/v2/a/manifests/v1"],
      ["POST", "/v2/a/blobs/uploads/"],
    ] as const
  ) await h.refused(401, "UNAUTHORIZED", method, path);
  const headers = basic("bob", "pass:word é");
  assert.equal((await h.send("DELETE", "/v2/a/manifests/v1", { headers })).status, 202);
});

/** A registry with tokens. */
class TokenHarness extends Harness {
  constructor(options: TokenAuthOptions = {}, storage: MemoryStorage = new MemoryStorage()) {
    super(storage, { auth: createTokenAuth({ users: parseHtpasswd(FILE, "users"), ...options }) });
  }
  /** A header with a token for scopes. */
  async token(
    scopes: string[],
    headers: Record<string, string> = basic("alice", "s3cret"),
  ): Promise<Record<string, string>> {
    const query = new URLSearchParams([["service", "umiak"], ...scopes.map((scope) => ["scope", scope])]);
    const answer = await this.send("GET", `/token?${query}`, { headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.json.token, answer.json.access_token);
    return { authorization: `Bearer ${answer.json.token}` };
  }
}

Deno.test("createTokenAuth(): the challenge says where a token is had, for whom and for what", async () => {
  const h = new TokenHarness();
  const challenge = async (method: string, path: string, headers = {}): Promise<string | null> =>
    (await h.send(method, path, { headers })).headers.get("www-authenticate");
  const start = 'Bearer realm="http://registry.test/token",service="umiak"';
  assert.equal(await challenge("GET", "/v2/"), start);
  assert.equal(await challenge("GET", "/v2/a/tags/list"), `${start},scope="repository:a:pull"`);
  assert.equal(
    await challenge("POST", "/v2/a/b/blobs/uploads/"),
    `${start},scope="repository:a/b:pull,push"`,
  );
  assert.equal(await challenge("DELETE", "/v2/a/manifests/x"), `${start},scope="repository:a:delete"`);
  assert.equal(await challenge("GET", "/v2/_catalog"), `${start},scope="registry:catalog:*"`);
  const scope = ',scope="repository:a:pull"';
  assert.equal(
    await challenge("GET", "/v2/a/tags/list", { authorization: "Bearer x.y.z" }),
    `${start}${scope},error="invalid_token"`,
  );
  assert.equal(
    await challenge("GET", "/v2/a/tags/list", await h.token([])),
    `${start}${scope},error="insufficient_scope"`,
  );
  // Basic credentials are for the token endpoint only.
  assert.equal(await challenge("GET", "/v2/", basic("alice", "s3cret")), start);
});

Deno.test("createTokenAuth(): a token is good for its scopes, and no more", async () => {
  const h = new TokenHarness();
  const push = await h.token(["repository:a:pull,push repository:b:pull", "repository:c:*"]);
  assert.equal((await h.send("GET", "/v2/", { headers: push })).status, 200);
  assert.equal((await h.send("POST", "/v2/a/blobs/uploads/", { headers: push })).status, 202);
  await h.refused(401, "UNAUTHORIZED", "POST", "/v2/b/blobs/uploads/", { headers: push });
  await h.refused(404, "NAME_UNKNOWN", "GET", "/v2/b/tags/list", { headers: push });
  await h.refused(401, "UNAUTHORIZED", "DELETE", "/v2/a/manifests/x", { headers: push });
  await h.refused(404, "NAME_UNKNOWN", "DELETE", "/v2/c/manifests/x", { headers: push });
  await h.refused(401, "UNAUTHORIZED", "GET", "/v2/_catalog", { headers: push });
});

Deno.test("createTokenAuth(): a mount needs a token that can read the other repository", async () => {
  const storage = new MemoryStorage();
  const { digest } = await new Harness(storage).blob("secret", bytesOf("x"));
  const h = new TokenHarness({}, storage);
  const path = `/v2/a/blobs/uploads/?mount=${digest}`;
  const one = await h.token(["repository:a:pull,push"]);
  for (const query of ["", "&from=secret"]) {
    assert.equal((await h.send("POST", path + query, { headers: one })).status, 202, query);
  }
  const both = await h.token(["repository:a:pull,push", "repository:secret:pull"]);
  assert.equal((await h.send("POST", `${path}&from=secret`, { headers: both })).status, 201);
});

Deno.test("createTokenAuth(): the policy decides, also for anybody and for the list of all", async () => {
  const storage = new MemoryStorage();
  const open = new Harness(storage);
  for (const name of ["public/a", "private/a"]) await open.put(name, "v1", await open.manifest(name));
  const policy: TokenAuthOptions["policy"] = (user, action, repository) =>
    user === "alice" || (repository.startsWith("public/") && action === "pull");
  const h = new TokenHarness({ policy }, storage);
  const anybody = await h.token([
    "repository:public/a:pull,push",
    "repository:private/a:pull",
    "registry:catalog:*",
  ], {});
  assert.equal((await h.send("GET", "/v2/public/a/manifests/v1", { headers: anybody })).status, 200);
  await h.refused(401, "UNAUTHORIZED", "GET", "/v2/private/a/manifests/v1", { headers: anybody });
  await h.refused(401, "UNAUTHORIZED", "POST", "/v2/public/a/blobs/uploads/", { headers: anybody });
  await h.refused(401, "UNAUTHORIZED", "GET", "/v2/_catalog", { headers: anybody });
  const bob = await h.token(["registry:catalog:*"], basic("bob", "pass:word é"));
  assert.deepEqual((await h.send("GET", "/v2/_catalog", { headers: bob })).json.repositories, ["public/a"]);
  const alice = await h.token(["registry:catalog:*"]);
  assert.deepEqual((await h.send("GET", "/v2/_catalog", { headers: alice })).json.repositories, [
    "private/a",
    "public/a",
  ]);
});

Deno.test("createTokenAuth(): tokens end, and those of others or changed ones are not good", async () => {
  let now = 1_000_000;
  const secret = new Uint8Array(32).fill(7);
  const h = new TokenHarness({ now: () => now, ttlSec: 60, secret });
  const headers = await h.token(["repository:a:pull"]);
  assert.equal((await h.send("GET", "/v2/", { headers })).status, 200);
  now += 61_000;
  assert.equal((await h.send("GET", "/v2/", { headers })).status, 401);
  const claims = { use: "access", aud: "umiak", sub: "x", iat: 0, exp: 9e9, access: [] } as const;
  const good = signToken(claims, secret);
  assert.deepEqual(verifyToken(good, secret, 1), claims);
  assert.equal((await h.send("GET", "/v2/", { headers: { authorization: `bearer ${good}` } })).status, 200);
  const [header, payload, mac] = good.split(".");
  const none = btoa(JSON.stringify({ alg: "none", typ: "JWT" })).replaceAll("=", "");
  for (
    const bad of [
      signToken(claims, new Uint8Array(32)),
      signToken({ ...claims, aud: "other" }, secret),
      signToken({ ...claims, use: "refresh" }, secret),
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${none}.${payload}.${mac}`,
      `${header}.${payload!.slice(1)}.${mac}`,
      `${good}.x`,
      "x".repeat(20_000),
    ]
  ) {
    assert.equal(
      (await h.send("GET", "/v2/", { headers: { authorization: `Bearer ${bad}` } })).status,
      401,
      bad,
    );
  }
});

Deno.test("createTokenAuth(): POST with a password, and with the refresh token that it gave", async () => {
  const h = new TokenHarness();
  const post = (form: Record<string, string>): ReturnType<Harness["send"]> =>
    h.send("POST", "/token", { body: String(new URLSearchParams(form)) });
  const scope = "repository:a:pull,push";
  const first = await post({
    grant_type: "password",
    username: "alice",
    password: "s3cret",
    scope,
    access_type: "offline",
    client_id: "test",
  });
  assert.equal(first.status, 200);
  const { refresh_token } = first.json;
  const second = await post({ grant_type: "refresh_token", refresh_token, scope });
  const headers = { authorization: `Bearer ${second.json.access_token}` };
  assert.equal((await h.send("POST", "/v2/a/blobs/uploads/", { headers })).status, 202);
  assert.equal("refresh_token" in second.json, false);
  assert.equal(
    (await post({ grant_type: "refresh_token", refresh_token: second.json.token, scope })).status,
    401,
  );
  assert.equal((await post({ grant_type: "password", username: "alice", password: "x" })).status, 401);
  assert.equal((await post({ grant_type: "client_credentials" })).status, 400);
  assert.equal((await h.send("POST", "/token", { body: "x".repeat(70_000) })).status, 413);
  const offline = await h.send("GET", "/token?offline_token=true", { headers: basic("alice", "s3cret") });
  assert.equal(typeof offline.json.refresh_token, "string");
});

Deno.test("createTokenAuth(): the token endpoint refuses wrong passwords, other methods and too many scopes", async () => {
  const h = new TokenHarness();
  await h.refused(401, "UNAUTHORIZED", "GET", "/token", { headers: basic("alice", "x") });
  await h.refused(401, "UNAUTHORIZED", "GET", "/token", { headers: { authorization: "Bearer x" } });
  await h.refused(405, "UNSUPPORTED", "DELETE", "/token");
  await h.refused(400, "UNSUPPORTED", "GET", `/token?${"scope=repository:a:pull&".repeat(65)}`);
  for (
    const scope of ["repository:../x:pull", "repository:a:", "x", "registry:other:*", "repository:A:pull"]
  ) {
    const headers = await h.token([scope]);
    assert.equal((await h.send("GET", "/v2/", { headers })).status, 200, scope);
    assert.equal((await h.send("GET", "/v2/a/tags/list", { headers })).status, 401, scope);
  }
});

Deno.test("the whole of a push with a token", async () => {
  const h = new TokenHarness();
  const headers = await h.token(["repository:a:pull,push"]);
  const bytes = bytesOf("{}");
  const path = `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`;
  assert.equal((await h.send("POST", path, { headers, body: bytes })).status, 201);
  const config = { mediaType: "application/x", digest: digestOf(bytes), size: 2 };
  const put = await h.send("PUT", "/v2/a/manifests/v1", {
    headers: { ...headers, "content-type": MANIFEST },
    body: bytesOf({ schemaVersion: 2, config, layers: [] }),
  });
  assert.equal(put.status, 201);
});
