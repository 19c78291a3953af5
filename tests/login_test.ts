/** `umiak login` and `umiak logout`, as processes, with a registry in this one. @module */
import assert from "node:assert/strict";
import { createRegistry } from "../image/registry/server/registry.ts";
import { MemoryStorage } from "../image/registry/server/memory_storage.ts";
import { createTokenAuth } from "../image/registry/server/token_auth.ts";
import { served } from "../image/registry/testing/served.ts";
import { umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const PASSWORD = "correct-horse";
const AUTH = createTokenAuth({
  users: { check: (user, password) => Promise.resolve(user === "me" && password === PASSWORD) },
});

async function withRegistry(
  run: (host: string, env: Record<string, string>, home: string) => Promise<void>,
): Promise<void> {
  const registry = createRegistry({ storage: new MemoryStorage(), auth: AUTH });
  await withDirectory(async (home) => {
    const env = {
      HOME: home,
      DOCKER_CONFIG: `${home}/docker`,
      XDG_RUNTIME_DIR: "",
      REGISTRY_AUTH_FILE: "",
      XDG_CONFIG_HOME: "",
    };
    await served(registry, (host) => run(host, env, home));
  });
  await registry.close();
}

Deno.test("umiak login keeps credentials that the registry accepts, logout forgets them", async () => {
  await withRegistry(async (host, env, home) => {
    const file = `${home}/docker/config.json`;
    const login = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
      umiak(["login", "--username", "me", "--password-stdin", ...args, host], {
        env,
        stdin: `${PASSWORD}\n`,
      });
    const done = await login();
    assert.deepEqual(done, {
      code: 0,
      stdout: `Logged in to ${host} as me; the credentials are kept in ${file}\n`,
      stderr: "",
    });
    assert.deepEqual(JSON.parse(await Deno.readTextFile(file)), {
      auths: { [host]: { auth: btoa(`me:${PASSWORD}`) } },
    });
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    const other = `${home}/other.json`;
    assert.equal((await login("--authfile", other)).code, 0);
    const out = await umiak(["logout", "--authfile", other, host], { env });
    assert.deepEqual([out.code, out.stdout, out.stderr], [0, `Logged out of ${host}\n`, ""]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(other)), { auths: {} });
    assert.equal((await umiak(["logout", host], { env })).stdout, `Logged out of ${host}\n`);
    assert.equal((await umiak(["logout", host], { env })).stdout, `Not logged in to ${host} by ${file}\n`);
  });
});

Deno.test("umiak login keeps nothing that the registry does not accept, and shows no password", async () => {
  await withRegistry(async (host, env, home) => {
    const { code, stdout, stderr } = await umiak(["login", "-u", "me", "--password-stdin", host], {
      env,
      stdin: "wrong-password",
    });
    assert.equal(code, 125);
    assert.match(
      stderr,
      /^umiak: token for 127\.0\.0\.1:\d+ from http:\S+\/token: 401 authentication required: .*\n$/,
    );
    assert.ok(!`${stdout}${stderr}`.includes("wrong-password"));
    assert.equal(await Deno.stat(`${home}/docker`).catch(() => null), null);
  });
});

Deno.test("umiak login says what is missing", async () => {
  const cases: [string[], string, RegExp][] = [
    [["host"], "", /standard input is not a terminal: use --username and --password-stdin/],
    [["--password-stdin", "host"], "x", /--password-stdin needs --username/],
    [["-u", "me", "--password-stdin", "host"], "\n", /the password is empty/],
    [["-u", "a:b", "--password-stdin", "host"], "x", /a user name has no colon in it/],
    [["-u", "me", "--password-stdin", "https://host"], "x", /it is written without a scheme/],
    [["-u", "me", "--password-stdin", "host/a"], "x", /expected HOST\[:PORT\]/],
  ];
  for (const [args, stdin, error] of cases) {
    const { code, stderr } = await umiak(["login", ...args], { stdin });
    assert.equal(code, 125, args.join(" "));
    assert.match(stderr, error);
  }
});

Deno.test("umiak login: what is meant for this machine does not go to a proxy", async () => {
  const proxy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of proxy) {
      connections++;
      connection.close();
    }
  })().catch(() => {});
  await withRegistry(async (host, env) => {
    const http_proxy = `http://127.0.0.1:${(proxy.addr as Deno.NetAddr).port}`;
    const proxied = { ...env, http_proxy, HTTP_PROXY: http_proxy, no_proxy: "", NO_PROXY: "" };
    const { code, stderr } = await umiak(["login", "-u", "me", "--password-stdin", host], {
      env: proxied,
      stdin: PASSWORD,
    });
    assert.deepEqual([code, stderr], [0, ""]);
  });
  proxy.close();
  await accepting;
  assert.equal(connections, 0);
});

testWhen({ tools: ["skopeo"] }, "skopeo is logged in by umiak login", async () => {
  await withRegistry(async (host, env, home) => {
    const authfile = `${home}/auth.json`;
    await umiak(["login", "-u", "me", "--password-stdin", "--authfile", authfile, host], {
      env,
      stdin: PASSWORD,
    });
    const skopeo = await new Deno.Command("skopeo", {
      args: ["login", "--get-login", "--authfile", authfile, host],
      env,
    }).output();
    assert.equal(new TextDecoder().decode(skopeo.stdout), "me\n");
  });
});
