import assert from "node:assert/strict";
import { withDirectory } from "../../../tests/support/umiak.ts";
import { testWhen } from "../../../tests/support/when.ts";
import { authFiles, FileCredentials, loginFile } from "./config_paths.ts";
import { encodeBase64 } from "./credentials.ts";
import { CredentialHelper } from "./helper.ts";
import { eraseCredentials, saveCredentials } from "./login.ts";

const SECRET = "pass-w0rd";

async function withFile(
  document: unknown,
  run: (path: string, directory: string) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/config.json`;
    await Deno.writeTextFile(path, typeof document === "string" ? document : JSON.stringify(document));
    await run(path, directory);
  });
}

const auth = (name: string): { auth: string } => ({ auth: encodeBase64(`${name}:${SECRET}`) });

Deno.test("FileCredentials takes the longest key that the repository is below", async () => {
  const auths = {
    "host:5000": auth("host"),
    "host:5000/team": auth("team"),
    "host:5000/team/app": auth("app"),
    "other": auth("other"),
    "https://slash.example/v2/": auth("slash"),
    "https://index.docker.io/v1/": auth("hub"),
    "quay.example": { username: "plain", password: SECRET },
    "tokens.example": { identitytoken: "refresh" },
    "direct.example": { registrytoken: "bearer" },
    "empty.example": {},
  };
  await withFile({ auths }, async (path) => {
    const files = new FileCredentials([path]);
    const name = async (registry: string, repository?: string): Promise<string | undefined> =>
      (await files.get(registry, repository))?.username;
    assert.equal(await name("host:5000"), "host");
    assert.equal(await name("host:5000", "x"), "host");
    assert.equal(await name("host:5000", "team"), "team");
    assert.equal(await name("host:5000", "team/app"), "app");
    assert.equal(await name("host:5000", "team/app/deep"), "app");
    assert.equal(await name("host:5000", "team/apple"), "team");
    assert.equal(await name("host:5000", "teams"), "host");
    assert.equal(await name("host"), undefined);
    assert.equal(await name("slash.example"), "slash");
    assert.equal(await name("docker.io", "library/alpine"), "hub");
    assert.deepEqual(await files.get("quay.example"), { username: "plain", password: SECRET });
    assert.deepEqual(await files.get("tokens.example"), { identityToken: "refresh" });
    assert.deepEqual(await files.get("direct.example"), { registryToken: "bearer" });
    assert.equal(await files.get("empty.example"), undefined);
  });
});

Deno.test("FileCredentials: passwords may have colons and any Unicode in them", async () => {
  await withFile({ auths: { h: { auth: encodeBase64("me:a:b:ü文") } } }, async (path) => {
    assert.deepEqual(await new FileCredentials([path]).get("h"), { username: "me", password: "a:b:ü文" });
  });
});

Deno.test("FileCredentials asks the files in turn, and does not mind that some are missing", async () => {
  await withFile({ auths: { a: auth("first") } }, async (first, directory) => {
    const second = `${directory}/second.json`;
    await Deno.writeTextFile(second, JSON.stringify({ auths: { a: auth("second"), b: auth("second") } }));
    const files = new FileCredentials([`${directory}/none`, first, `${first}/below`, second]);
    assert.equal((await files.get("a"))?.username, "first");
    assert.equal((await files.get("b"))?.username, "second");
    assert.equal(await files.get("c"), undefined);
  });
});

Deno.test("FileCredentials shows nothing of a file that is broken", async () => {
  const broken: unknown[] = [
    `{"auths": {"h": {"auth": "${SECRET}`,
    SECRET,
    `["${SECRET}"]`,
    { auths: { h: { auth: SECRET } } },
    { auths: { h: { auth: encodeBase64(SECRET) } } },
    { auths: { h: SECRET } },
    { auths: SECRET },
    { credHelpers: { h: 7 } },
    { credHelpers: { h: "../../bin/sh" } },
    { credsStore: "a/b" },
  ];
  for (const document of broken) {
    await withFile(document, async (path) => {
      await assert.rejects(new FileCredentials([path]).get("h"), (error) => {
        assert.ok(!Deno.inspect(error).includes(SECRET), Deno.inspect(error));
        return true;
      }, JSON.stringify(document));
    });
  }
});

Deno.test("authFiles() and loginFile() follow the variables", () => {
  const env = (values: Record<string, string>) => (name: string): string | undefined => values[name];
  assert.deepEqual(authFiles(env({ HOME: "/h" })), [
    "/h/.config/containers/auth.json",
    "/h/.docker/config.json",
  ]);
  assert.deepEqual(
    authFiles(env({ HOME: "/h", XDG_RUNTIME_DIR: "/r", REGISTRY_AUTH_FILE: "/a.json", DOCKER_CONFIG: "/d" })),
    [
      "/a.json",
      "/d/config.json",
      "/r/containers/auth.json",
      "/h/.config/containers/auth.json",
      "/h/.docker/config.json",
    ],
  );
  assert.deepEqual(authFiles(env({})), []);
  assert.equal(loginFile(env({ HOME: "/h" })), "/h/.docker/config.json");
  assert.equal(loginFile(env({ HOME: "/h", DOCKER_CONFIG: "/d" })), "/d/config.json");
  assert.equal(loginFile(env({ HOME: "/h", DOCKER_CONFIG: "/d", REGISTRY_AUTH_FILE: "/a" })), "/a");
  assert.throws(() => loginFile(env({})), /neither HOME nor DOCKER_CONFIG/);
});

Deno.test("saveCredentials() keeps everything else in the file, which only its owner can read", async () => {
  const document = {
    HttpHeaders: { x: "y" },
    auths: { "other": auth("other"), "https://h/v1/": auth("old"), "h/team": auth("team") },
  };
  await withFile(document, async (path, directory) => {
    await Deno.chmod(path, 0o644);
    await saveCredentials(path, "h", { username: "me", password: SECRET });
    const written = JSON.parse(await Deno.readTextFile(path));
    assert.deepEqual(written, {
      HttpHeaders: { x: "y" },
      auths: { "other": auth("other"), "h/team": auth("team"), "h": auth("me") },
    });
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(directory)].map((each) => each.name), ["config.json"]);
    assert.equal(await eraseCredentials(path, "h"), true);
    assert.equal(await eraseCredentials(path, "h"), false);
    assert.deepEqual(Object.keys(JSON.parse(await Deno.readTextFile(path)).auths), ["other", "h/team"]);
  });
});

Deno.test("saveCredentials() makes the file and its directory; a link stays one", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/new/deep/config.json`;
    await saveCredentials(path, "docker.io", { username: "me", password: SECRET });
    assert.deepEqual(Object.keys(JSON.parse(await Deno.readTextFile(path)).auths), [
      "https://index.docker.io/v1/",
    ]);
    assert.equal((await new FileCredentials([path]).get("docker.io"))?.username, "me");
    if (Deno.build.os === "windows") return;
    assert.equal((await Deno.stat(`${directory}/new`)).mode! & 0o777, 0o700);
    const link = `${directory}/link.json`;
    await Deno.symlink(path, link);
    await saveCredentials(link, "h", { username: "me", password: SECRET });
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.equal((await new FileCredentials([path]).get("h"))?.username, "me");
    assert.equal(await eraseCredentials(`${directory}/none.json`, "h"), false);
  });
});

/** A helper that keeps what it is given in a file beside it. */
const HELPER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case $1 in
store) cat > kept ;;
get) read -r server; [ -f kept ] || { echo "credentials not found in native keychain"; exit 1; }; printf '%s' "$server" > asked; cat kept ;;
erase) cat > erased; rm -f kept ;;
*) echo "${SECRET}"; exit 3 ;;
esac
`;

async function withHelper(script: string, run: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/docker-credential-test`, script, { mode: 0o755 });
    const path = Deno.env.get("PATH");
    Deno.env.set("PATH", `${directory}:${path}`);
    try {
      await run(directory);
    } finally {
      Deno.env.set("PATH", path!);
    }
  });
}

const UNIX = { os: ["linux", "darwin"] } as const;

testWhen(
  UNIX,
  "a helper keeps, hands out and forgets credentials, and the file has none of them",
  async () => {
    await withHelper(HELPER, async (directory) => {
      for (const document of [{ credsStore: "test" }, { credHelpers: { "h": "test" } }]) {
        const path = `${directory}/config.json`;
        await Deno.writeTextFile(path, JSON.stringify(document));
        const files = new FileCredentials([path]);
        assert.equal(await files.get("h"), undefined);
        const kept = await saveCredentials(path, "h", { username: "me", password: SECRET });
        assert.equal(kept.byHelper, true);
        assert.deepEqual(JSON.parse(await Deno.readTextFile(`${directory}/kept`)), {
          ServerURL: "h",
          Username: "me",
          Secret: SECRET,
        });
        assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), { ...document, auths: { h: {} } });
        assert.deepEqual(await files.get("h", "any/repository"), { username: "me", password: SECRET });
        assert.equal(await Deno.readTextFile(`${directory}/asked`), "h");
        assert.equal(await eraseCredentials(path, "h"), true);
        assert.equal(await Deno.readTextFile(`${directory}/erased`), "h");
        assert.equal(await files.get("h"), undefined);
      }
    });
  },
);

testWhen(UNIX, "a helper's <token> is a refresh token", async () => {
  await withHelper(
    `#!/bin/sh\ncat >/dev/null\necho '{"ServerURL":"h","Username":"<token>","Secret":"refresh"}'\n`,
    async () => {
      assert.deepEqual(await new CredentialHelper("test").get("h"), { identityToken: "refresh" });
    },
  );
});

testWhen(UNIX, "what a helper says when it fails stays out of messages", async () => {
  const scripts: [string, RegExp][] = [
    [
      `#!/bin/sh\necho ${SECRET}; echo ${SECRET} >&2; exit 2\n`,
      /^Error: credential helper "test": get ended with exit code 2$/,
    ],
    [`#!/bin/sh\necho ${SECRET}\n`, /^Error: credential helper "test": its answer is not valid JSON$/],
    [
      `#!/bin/sh\nwhile :; do echo ${SECRET}${"x".repeat(1000)}; done\n`,
      /its answer is longer than 262144 bytes/,
    ],
    [`#!/bin/sh\necho '{"Username":7,"Secret":"${SECRET}"}'\n`, /Username: expected a string/],
  ];
  for (const [script, expected] of scripts) {
    await withHelper(script, async () => {
      await assert.rejects(new CredentialHelper("test").get("h"), (error) => {
        assert.match(String(error), expected);
        assert.ok(!Deno.inspect(error).includes(SECRET));
        return true;
      });
    });
  }
});

Deno.test("a helper that is not there, or whose name is none, is an error that names it", async () => {
  await assert.rejects(
    new CredentialHelper("no-such-helper-here").get("h"),
    /credential helper "no-such-helper-here": there is no program docker-credential-no-such-helper-here on PATH/,
  );
  for (const bad of ["", "a/b", "../x", "-x", "a b", "a\0"]) {
    assert.throws(() => new CredentialHelper(bad), /this is no name of one/, bad);
  }
});
