import assert from "node:assert/strict";
import { createTokenAuth } from "../server/token_auth.ts";
import type { Users } from "../server/htpasswd.ts";
import { Registry } from "../registry.ts";
import { RegistryError } from "../http/errors.ts";
import {
  collect,
  describe,
  type Handler,
  noise,
  pieces,
  quick,
  registryServed,
  served,
  TestClock,
} from "../testing/served.ts";
import { type Credentials, fixedCredentials } from "./credentials.ts";

const PASSWORD = "correct-horse";
const USERS: Users = { check: (user, password) => Promise.resolve(user === "me" && password === PASSWORD) };
const ME = fixedCredentials({ username: "me", password: PASSWORD });

Deno.test("Bearer: a token by the user's password, one for each scope, used again (distribution-spec, API)", async () => {
  const auth = createTokenAuth({ users: USERS });
  await registryServed(
    async (host, { seen }) => {
      const registry = new Registry(host, { ...quick(), credentials: ME });
      await registry.ping();
      const blob = noise(2000), descriptor = describe(blob);
      const repository = registry.repository("a/b");
      await repository.putBlob(descriptor, () => pieces(blob));
      for (let i = 0; i < 3; i++) assert.deepEqual(await collect(repository.getBlob(descriptor)), blob);
      const tokens = seen.filter((each) => each.path.startsWith("/token"));
      assert.equal(tokens.length, 3, tokens.map((each) => each.path).join("\n"));
      assert.ok(tokens.every((each) => each.headers.get("authorization")?.startsWith("Basic ")));
      // Only the very first request is made without anything to show.
      const bare = seen.filter((each) => each.path.startsWith("/v2/a") && !each.headers.has("authorization"));
      assert.equal(bare.length, 0);
    },
    [],
    { auth },
  );
});

Deno.test("Bearer: a wrong password is said, and not tried again", async () => {
  const auth = createTokenAuth({ users: USERS });
  await registryServed(
    async (host, { seen }) => {
      const credentials = fixedCredentials({ username: "me", password: "wrong-password" });
      await assert.rejects(
        new Registry(host, { ...quick(), credentials }).ping(),
        (error) =>
          error instanceof RegistryError && error.status === 401 &&
          /token for .* from .*\/token: 401/.test(error.message),
      );
      assert.equal(seen.filter((each) => each.path.startsWith("/token")).length, 1);
    },
    [],
    { auth },
  );
});

Deno.test("Bearer: anonymous tokens, as far as they reach", async () => {
  const auth = createTokenAuth({
    users: USERS,
    policy: (user, action) => user !== undefined || action === "pull",
  });
  const blob = noise(100), descriptor = describe(blob);
  await registryServed(
    async (host) => {
      await new Registry(host, { ...quick(), credentials: ME }).repository("a").putBlob(
        descriptor,
        () => pieces(blob),
      );
      const anybody = new Registry(host, quick()).repository("a");
      assert.deepEqual(await collect(anybody.getBlob(descriptor)), blob);
      await assert.rejects(
        anybody.putBlob(describe(noise(50, 9)), () => pieces(noise(50, 9))),
        (error) => error instanceof RegistryError && [401, 403].includes(error.status),
      );
    },
    [],
    { auth },
  );
});

Deno.test("Bearer: a token that has expired in the middle of a pull is replaced", async () => {
  const clock = new TestClock();
  let serverTime = clock.time;
  const auth = createTokenAuth({ users: USERS, ttlSec: 60, now: () => serverTime });
  const blobs = [1, 2, 3].map((seed) => noise(5000, seed));
  await registryServed(
    async (host, { seen }) => {
      const repository = new Registry(host, { ...quick(clock), credentials: ME }).repository("a");
      for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
      assert.deepEqual(await collect(repository.getBlob(describe(blobs[0]!))), blobs[0]);
      // The registry's clock runs ahead of ours: a 401 says so.
      serverTime += 100_000;
      assert.deepEqual(await collect(repository.getBlob(describe(blobs[1]!))), blobs[1]);
      // Ours catches up: a token that is known to be old is not even shown.
      clock.time += 100_000;
      const before = seen.length;
      assert.deepEqual(await collect(repository.getBlob(describe(blobs[2]!))), blobs[2]);
      assert.ok(seen.length - before <= 2);
    },
    [],
    { auth },
  );
});

Deno.test("Bearer: requests at the same time share one token", async () => {
  const auth = createTokenAuth({ users: USERS });
  await registryServed(
    async (host, { seen }) => {
      const registry = new Registry(host, { ...quick(), credentials: ME });
      await registry.ping();
      const blob = noise(100), descriptor = describe(blob);
      await registry.repository("a").putBlob(descriptor, () => pieces(blob));
      const before = seen.filter((each) => each.path.startsWith("/token")).length;
      const repository = registry.repository("a");
      await Promise.all(Array.from({ length: 8 }, () => collect(repository.getBlob(descriptor))));
      assert.equal(seen.filter((each) => each.path.startsWith("/token")).length, before + 1);
    },
    [],
    { auth },
  );
});

Deno.test("Bearer: a caller that leaves does not take the others' token with it", async () => {
  const stop = new AbortController();
  const handler: Handler = async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/token") {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return Response.json({ token: "abcdef" });
    }
    if (request.headers.get("authorization") === "Bearer abcdef") return new Response("{}");
    return new Response(null, {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="http://${request.headers.get("host")}/token"` },
    });
  };
  await served(handler, async (host) => {
    const registry = new Registry(host, quick());
    const left = registry.ping({ signal: stop.signal });
    const stays = registry.ping();
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await assert.rejects(left, /^Error: enough$/);
    await stays;
  });
});

Deno.test("Bearer: a refresh token goes by POST, and never into the address (OAuth 2.0)", async () => {
  const requests: { method: string; search: string; form: string; authorization: string | null }[] = [];
  const handler: Handler = async (request) => {
    const { pathname, search, host } = new URL(request.url);
    if (pathname === "/token") {
      requests.push({
        method: request.method,
        search,
        form: await request.text(),
        authorization: request.headers.get("authorization"),
      });
      return Response.json({ access_token: "abcdef", expires_in: 300 });
    }
    if (request.headers.get("authorization") === "Bearer abcdef") return new Response("{}");
    return new Response(null, {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="http://${host}/token",service="s"` },
    });
  };
  await served(handler, async (host) => {
    await new Registry(host, { ...quick(), credentials: fixedCredentials({ identityToken: "refresh-me" }) })
      .ping();
  });
  assert.equal(requests.length, 1);
  const [{ method, search, form, authorization }] = requests as [typeof requests[0]];
  assert.deepEqual([method, search, authorization], ["POST", "", null]);
  const fields = new URLSearchParams(form);
  assert.equal(fields.get("grant_type"), "refresh_token");
  assert.equal(fields.get("refresh_token"), "refresh-me");
  assert.equal(fields.get("service"), "s");
});

/** A registry whose challenge names `realm`; what it was shown is in `shown`. */
function challenging(realm: () => string, shown: (string | null)[]): Handler {
  return (request) => {
    shown.push(request.headers.get("authorization"));
    if (request.headers.get("authorization") === "Bearer tok-en") return new Response("{}");
    return new Response(null, {
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${realm()}",service="x"` },
    });
  };
}

Deno.test("Bearer: credentials go to a token service on this machine, and not over plain HTTP to another (CVE-2019-10214)", async () => {
  const shown: (string | null)[] = [];
  const service: Handler = (request) => {
    shown.push(request.headers.get("authorization"));
    return Response.json({ token: "tok-en" });
  };
  await served(service, async (other) => {
    await served(challenging(() => `http://${other}/token`, []), async (host) => {
      await new Registry(host, { ...quick(), credentials: ME }).ping();
      assert.deepEqual(shown, [`Basic ${btoa(`me:${PASSWORD}`)}`]);
      // A list of hosts that may know them leaves the others out.
      shown.length = 0;
      await new Registry(host, { ...quick(), credentials: ME, realms: ["auth.example.com"] }).ping();
      assert.deepEqual(shown, [null]);
    });
  });
  await served(challenging(() => "http://auth.example.com/token", []), async (host) => {
    await assert.rejects(
      new Registry(host, { ...quick(), credentials: ME }).ping(),
      /plain HTTP is only for this machine|credentials are not sent over plain HTTP/,
    );
  });
});

Deno.test("Bearer: realms that are no address of a service are refused", async () => {
  for (
    const realm of ["", "token", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://user:pw@127.0.0.1/x"]
  ) {
    await served(challenging(() => realm, []), async (host) => {
      await assert.rejects(
        new Registry(host, { ...quick(), credentials: ME }).ping(),
        /its token service has no valid address/,
        realm,
      );
    });
  }
});

Deno.test("Bearer: what a token service answers is not believed", async () => {
  const cases: [() => Response, RegExp][] = [
    [() => Response.json({}), /its answer has no token/],
    [() => Response.json({ token: "" }), /its answer has no token/],
    [() => Response.json({ token: "a\r\nX-Evil: 1" }), /its token contains characters that none has/],
    [() => Response.json({ token: 7 }), /expected a string/],
    [() => new Response("<html>"), /its answer is not valid JSON/],
    [() => new Response("x".repeat(300_000)), /more than the 262144/],
    [() => new Response(null, { status: 500 }), /500 the registry failed/],
    [() => Response.json({ token: "other" }), /401 authentication required/],
  ];
  for (const [answer, error] of cases) {
    let base = "";
    const handler: Handler = (request) =>
      new URL(request.url).pathname === "/token" ? answer() : challenging(() => `${base}/token`, [])(request);
    await served(handler, async (host) => {
      base = `http://${host}`;
      await assert.rejects(new Registry(host, { ...quick(), credentials: ME }).ping(), error);
    });
  }
});

Deno.test("Bearer: a token service that redirects to another server shows it no password", async () => {
  const shown: (string | null)[] = [];
  await served((request) => {
    shown.push(request.headers.get("authorization"));
    return Response.json({ token: "tok-en" });
  }, async (other) => {
    let base = "";
    const handler: Handler = (request) =>
      new URL(request.url).pathname === "/token"
        ? new Response(null, { status: 302, headers: { location: `http://${other}/steal` } })
        : challenging(() => `${base}/token`, [])(request) as Response;
    await served(handler, async (host) => {
      base = `http://${host}`;
      await new Registry(host, { ...quick(), credentials: ME }).ping();
    });
  });
  assert.deepEqual(shown, [null]);
});

Deno.test("Basic: shown when asked for, not before, and to a wrong password there is one answer", async () => {
  const shown: (string | null)[] = [];
  const handler: Handler = (request) => {
    const header = request.headers.get("authorization");
    shown.push(header);
    if (header === `Basic ${btoa(`me:${PASSWORD}`)}`) return new Response("{}");
    return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="registry"' } });
  };
  await served(handler, async (host) => {
    const registry = new Registry(host, { ...quick(), credentials: ME });
    await registry.ping();
    await registry.ping();
    // The first two are the search for TLS, and the first try.
    assert.deepEqual(shown.map((each) => each !== null), [false, false, true, true]);
    shown.length = 0;
    const wrong = fixedCredentials({ username: "me", password: "no-no-no" });
    await assert.rejects(
      new Registry(host, { ...quick(), credentials: wrong }).ping(),
      /401 authentication required/,
    );
    assert.equal(shown.length, 3);
    await assert.rejects(new Registry(host, quick()).ping(), /401 authentication required/);
  });
});

Deno.test("nothing secret is in an error, even if the registry sends it back", async () => {
  const secrets: Credentials[] = [
    { username: "me", password: PASSWORD },
    { identityToken: "identity-t0ken" },
    { registryToken: "registry-t0ken" },
  ];
  const echo = async (request: Request): Promise<string> =>
    JSON.stringify({
      errors: [{
        code: "DENIED",
        message: `${request.headers.get("authorization")} ${request.url} ${await request.text()}`,
      }],
    });
  for (const credentials of secrets) {
    for (const where of ["/token", "/v2/a/manifests/x"]) {
      let reached = false;
      const handler: Handler = async (request) => {
        const { pathname, host } = new URL(request.url);
        if (pathname === where && (request.headers.has("authorization") || request.method === "POST")) {
          reached = true;
          return new Response(await echo(request), { status: 403 });
        }
        if (pathname === "/token") return Response.json({ token: "bearer-t0ken" });
        return new Response(null, {
          status: 401,
          headers: { "www-authenticate": `Bearer realm="http://${host}/token"` },
        });
      };
      await served(handler, async (host) => {
        const registry = new Registry(host, { ...quick(), credentials: fixedCredentials(credentials) });
        await assert.rejects(registry.repository("a").getManifest("x"), (error) => {
          const text = `${error} ${(error as Error).stack} ${JSON.stringify(error)} ${Deno.inspect(error)}`;
          for (
            const secret of [
              PASSWORD,
              btoa(`me:${PASSWORD}`),
              "identity-t0ken",
              "registry-t0ken",
              "bearer-t0ken",
            ]
          ) {
            assert.ok(!text.includes(secret), `${secret} in ${text}`);
          }
          return true;
        });
      });
      // A token for the registry itself is never exchanged for another.
      assert.equal(reached, !(where === "/token" && credentials.registryToken !== undefined));
    }
  }
});

Deno.test("Bearer: a token service that redirects a refresh token to another server does not get it there", async () => {
  let stolen = 0;
  await served(() => (stolen++, Response.json({ token: "tok-en" })), async (other) => {
    let base = "";
    const handler: Handler = (request) =>
      new URL(request.url).pathname === "/token"
        ? new Response(null, { status: 307, headers: { location: `http://${other}/steal` } })
        : challenging(() => `${base}/token`, [])(request) as Response;
    await served(handler, async (host) => {
      base = `http://${host}`;
      const credentials = fixedCredentials({ identityToken: "refresh-me" });
      await assert.rejects(
        new Registry(host, { ...quick(), credentials }).ping(),
        /redirected to another server/,
      );
    });
  });
  assert.equal(stolen, 0);
});

Deno.test("credentials are looked up once, and anew when they are rejected", async () => {
  let asked = 0, accepted = "one";
  const handler: Handler = (request) =>
    request.headers.get("authorization") === `Basic ${btoa(`me:${accepted}`)}`
      ? new Response("{}")
      : new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } });
  await served(handler, async (host) => {
    let password = "one";
    const credentials = { get: () => (asked++, Promise.resolve({ username: "me", password })) };
    const registry = new Registry(host, { ...quick(), credentials });
    for (let i = 0; i < 5; i++) await registry.ping();
    assert.equal(asked, 1);
    password = accepted = "two";
    await registry.ping();
    assert.equal(asked, 2);
  });
});

Deno.test("a caller that leaves while a registry is found out about does not take the others with it", async () => {
  const handler: Handler = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return new Response("{}");
  };
  await served(handler, async (host) => {
    const registry = new Registry(host, quick()), stop = new AbortController();
    const left = registry.ping({ signal: stop.signal }), stays = registry.ping();
    stop.abort(new Error("enough"));
    await assert.rejects(left, /^Error: enough$/);
    await stays;
  });
});

Deno.test("a secret is taken out of a long message before it is shortened", async () => {
  const handler: Handler = (request) => {
    const header = request.headers.get("authorization");
    if (header === null) return new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } });
    return Response.json({ errors: [{ code: "DENIED", message: `${"x".repeat(290)}${PASSWORD}` }] }, {
      status: 403,
    });
  };
  await served(handler, async (host) => {
    await assert.rejects(
      new Registry(host, { ...quick(), credentials: ME }).ping(),
      (error) => !(error as Error).message.includes(PASSWORD.slice(0, 6)),
    );
  });
});
