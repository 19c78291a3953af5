import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { Registry } from "../registry.ts";
import { fixedCredentials } from "../auth/credentials.ts";
import { collect, describe, noise, quick, rawServed, served, smallImage } from "../testing/served.ts";
import { NetworkError, RegistryError } from "./errors.ts";
import { Transport } from "./transport.ts";

const BLOB = noise(5000), DESCRIPTOR = describe(BLOB);
const BASIC = fixedCredentials({ username: "user", password: "pass-word" });

/** Wants Basic for everything, and then answers by `handler`. */
function guarded(handler: (request: Request) => Response): (request: Request) => Response {
  return (request) =>
    request.headers.has("authorization")
      ? handler(request)
      : new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
}

function redirect(location: string, status = 307): Response {
  return new Response(null, { status, headers: { location } });
}

Deno.test("Authorization does not cross to another port or host when redirected (distribution-spec, API)", async () => {
  const shown: (string | null)[] = [];
  const storage = (request: Request): Response => {
    shown.push(request.headers.get("authorization"), request.headers.get("cookie"));
    return new Response(BLOB);
  };
  await served(storage, async (other) => {
    for (const target of [other, other.replace("127.0.0.1", "localhost")]) {
      await served(guarded(() => redirect(`http://${target}/blob?signature=s3cret`)), async (host) => {
        const repository = new Registry(host, { ...quick(), credentials: BASIC }).repository("a");
        assert.deepEqual(await collect(repository.getBlob(DESCRIPTOR)), BLOB);
      });
    }
  });
  assert.deepEqual(shown, [null, null, null, null]);
});

Deno.test("Authorization stays when a redirection stays on the server", async () => {
  let shown: string | null = null;
  const handler = guarded((request) => {
    if (new URL(request.url).pathname !== "/moved") return redirect("/moved");
    shown = request.headers.get("authorization");
    return new Response(BLOB);
  });
  await served(handler, async (host) => {
    const repository = new Registry(host, { ...quick(), credentials: BASIC }).repository("a");
    assert.deepEqual(await collect(repository.getBlob(DESCRIPTOR)), BLOB);
  });
  assert.equal(shown, `Basic ${btoa("user:pass-word")}`);
});

Deno.test("a 401 of the server that a blob was redirected to gets no credentials", async () => {
  const shown: (string | null)[] = [];
  const thief = (request: Request): Response => {
    shown.push(request.headers.get("authorization"));
    return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="give me"' } });
  };
  await served(thief, async (other) => {
    await served(
      (request) => request.url.includes("/blobs/") ? redirect(`http://${other}/x`) : new Response(),
      async (host) => {
        const repository = new Registry(host, { ...quick(), credentials: BASIC }).repository("a");
        await assert.rejects(collect(repository.getBlob(DESCRIPTOR)), /401 authentication required/);
      },
    );
  });
  assert.deepEqual(shown, [null]);
});

Deno.test("redirections end: in circles, to nowhere, to what is not HTTP, with credentials in them", async () => {
  const cases: [() => Response, RegExp][] = [
    [() => redirect("/v2/again"), /more than 5 redirections in a row/],
    [() => new Response(null, { status: 302 }), /leads nowhere/],
    [() => redirect("http://[bad"), /no valid address/],
    [() => redirect("ftp://127.0.0.1/x"), /scheme ftp: is not possible/],
    [() => redirect("file:///etc/passwd"), /scheme file: is not possible/],
    [() => redirect("http://user:s3cret@127.0.0.1:9/x"), /the address contains credentials/],
    [() => redirect("http://example.com/x?sig=s3cret"), /plain HTTP is only for this machine/],
  ];
  for (const [answer, error] of cases) {
    let n = 0;
    await served(
      (request) => request.url.endsWith("/v2/") ? new Response() : (n++, answer()),
      async (host) => {
        await assert.rejects(
          new Registry(host, quick()).repository("a").getManifest("x"),
          (thrown) =>
            thrown instanceof RegistryError && error.test(thrown.message) &&
            !thrown.message.includes("s3cret"),
          String(error),
        );
      },
    );
    assert.ok(n <= 6);
  }
});

testWhen({ tools: ["openssl"] }, "a redirection from TLS to none is refused", async () => {
  const directory = await Deno.makeTempDir({ prefix: "umiak-test-" });
  try {
    const { cert, key } = await certificate(directory);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
      () => redirect("http://127.0.0.1:9/x"),
    );
    try {
      const transport = new Transport({ tlsVerify: false });
      const url = new URL(`https://127.0.0.1:${server.addr.port}/`);
      await assert.rejects(
        transport.send({ method: "GET", url, headers: new Headers() }),
        /from TLS to none/,
      );
    } finally {
      await server.shutdown();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("only 307 and 308 redirect what has a body (RFC 9110, section 15.4)", async () => {
  const { manifest, descriptor } = smallImage();
  for (
    const [status, works] of [[307, true], [308, true], [301, false], [302, false], [303, false]] as const
  ) {
    const handler = async (request: Request): Promise<Response> => {
      if (request.method !== "PUT") return new Response();
      if (!request.url.includes("moved")) return redirect("/moved", status);
      assert.equal((await request.bytes()).length, manifest.length);
      return new Response(null, { status: 201 });
    };
    await served(handler, async (host) => {
      const put = new Registry(host, quick()).repository("a").putManifest(descriptor, manifest);
      if (works) await put;
      else await assert.rejects(put, new RegExp(`a PUT cannot follow a ${status}`));
    });
  }
});

Deno.test("errors of a registry are shown in its own words, on one line (distribution-spec, Error Codes)", async () => {
  const cases: [string, string, RegExp][] = [
    [
      '{"errors":[{"code":"DENIED","message":"no\\nway \\u001b[31m"},{"code":"UNSUPPORTED"}]}',
      "application/json",
      /: 403 access denied: DENIED: no way \[31m; UNSUPPORTED$/,
    ],
    ["<!DOCTYPE html><html><h1>Sign in</h1></html>", "text/html", /: 403 access denied$/],
    ["just\r\ntext", "text/plain", /: 403 access denied: just text$/],
    ["{bad json", "application/json", /: 403 access denied: \{bad json$/],
    ['{"errors":"none"}', "application/json", /403 access denied: \{"errors":"none"\}$/],
    [
      '{"errors":[null,1,{"code":7,"message":{}},{"code":"lower","message":"m"}]}',
      "application/json",
      /: 403 access denied: m$/,
    ],
    ["", "application/json", /: 403 access denied$/],
  ];
  for (const [body, type, error] of cases) {
    await served(
      () => new Response(body, { status: 403, headers: { "content-type": type } }),
      async (host) => {
        await assert.rejects(new Registry(host, quick()).repository("a").getManifest("x"), (thrown) => {
          assert.match((thrown as Error).message, error);
          // deno-lint-ignore no-control-regex
          return thrown instanceof RegistryError && !/[\x00-\x1f]/.test(thrown.message);
        });
      },
    );
  }
});

Deno.test("an error's body is read up to a limit", async () => {
  let sent = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull(controller): void {
          sent += 65536;
          controller.enqueue(new Uint8Array(65536).fill(0x41));
        },
      }),
      { status: 404 },
    );
  await served((request) => request.url.endsWith("/v2/") ? new Response() : endless(), async (host) => {
    await assert.rejects(
      new Registry(host, quick()).repository("a").getManifest("x"),
      (error) => (error as Error).message.length < 500,
    );
  });
  assert.ok(sent < 30_000_000, String(sent));
});

Deno.test("a registry that does not answer in time is tried again, and given up", async () => {
  const stuck = (): Promise<Response> => new Promise(() => {});
  const options = { ...quick(), timeouts: { answer: 50 } };
  await served((request) => request.url.endsWith("/v2/") ? new Response() : stuck(), async (host) => {
    await assert.rejects(
      new Registry(host, options).repository("a").getManifest("x"),
      (error) => error instanceof NetworkError && /manifest a x: no answer within 0.05 s/.test(error.message),
    );
    assert.equal(options.clock.sleeps.length, 4);
  });
});

Deno.test("a small answer that trickles in is bounded in its whole time", async () => {
  const trickle = (): Response =>
    new Response(
      new ReadableStream({
        async pull(controller): Promise<void> {
          await new Promise((resolve) => setTimeout(resolve, 10));
          controller.enqueue(new Uint8Array(1).fill(0x20));
        },
      }),
      { headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" } },
    );
  const options = { ...quick(), timeouts: { small: 200 } };
  await served((request) => request.url.endsWith("/v2/") ? new Response() : trickle(), async (host) => {
    await assert.rejects(
      new Registry(host, options).repository("a").getManifest("x"),
      (error) => error instanceof NetworkError && /its answer takes too long/.test(error.message),
    );
  });
});

Deno.test("what is no HTTP, or ends within its head, is an error of the connection", async () => {
  for (
    const garbage of [
      "",
      "garbage\r\n\r\n",
      "HTTP/1.1 200",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    ]
  ) {
    await rawServed(() => [garbage], async (host) => {
      const options = { ...quick(), retry: { ...quick().retry, retries: 1 } };
      await assert.rejects(
        new Registry(host, options).repository("a").getManifest("x"),
        (error) => error instanceof NetworkError,
        garbage,
      );
    });
  }
});

Deno.test("a registry that is not there is tried once more, and named", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const options = quick();
  await assert.rejects(
    new Registry(`127.0.0.1:${port}`, options).ping(),
    (error) =>
      error instanceof NetworkError &&
      error.message === `127.0.0.1:${port}: checking the registry: connection refused`,
  );
  assert.equal(options.clock.sleeps.length, 1);
});

/** A certificate that is its own issuer's, for loopback. */
async function certificate(directory: string): Promise<{ cert: string; key: string }> {
  const certPath = `${directory}/c.pem`, keyPath = `${directory}/k.pem`;
  const made = await new Deno.Command("openssl", {
    args: [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ]
      .concat(["-keyout", keyPath, "-out", certPath, "-subj", "/CN=localhost"])
      .concat(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]),
    stdout: "null",
    stderr: "null",
  }).output();
  assert.ok(made.success);
  return { cert: await Deno.readTextFile(certPath), key: await Deno.readTextFile(keyPath) };
}
