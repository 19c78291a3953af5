/** Images for Linux, run by an ordinary user. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { repositoryFile, umiakArgs } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { makeImage, type Place, WITH_USER, withPlace } from "./support.ts";

/** An ordinary user: any will do. */
const USER = 1500;
const AS_USER = [
  "setpriv",
  `--reuid=${USER}`,
  `--regid=${USER}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
];

/** Why ordinary users cannot have containers here. */
function missing(): string | undefined {
  if (WITH_USER.missing !== undefined) return WITH_USER.missing;
  const succeeds = (...words: string[]): boolean =>
    new Deno.Command(AS_USER[0]!, { args: [...AS_USER.slice(1), ...words], stdout: "null", stderr: "null" })
      .outputSync().success;
  if (!succeeds("unshare", "--user", "--mount", "true")) return "needs user namespaces for ordinary users";
  return succeeds("test", "-r", repositoryFile("deno.json"))
    ? undefined
    : "needs sources that others can read";
}

interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** umiak as that user. Where Deno is need not be open to others: its descriptor is. */
async function asUser(place: Place, ...args: string[]): Promise<Done> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      `exec "$@" 9<'${Deno.execPath()}' </dev/null`,
      "sh",
      ...AS_USER,
      "/proc/self/fd/9",
      ...umiakArgs(args),
    ],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, DENO_DIR: `${place.dir}/cache`, NO_COLOR: "1", ...place.env },
    cwd: "/",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

testWhen(
  { ...WITH_USER, missing: missing() },
  "an ordinary user's container: the user is root in it, nothing of it is left",
  () =>
    withPlace(async (place) => {
      await Deno.chown(place.dir, USER, USER);
      const run = async (script: string, ...options: string[]): Promise<Done> =>
        await asUser(place, "run", ...options, place.image, "sh", "-c", script);
      const first = await run(
        "id -u; ls /opt /opt/b; cat /opt/a/two; grep -c ' / overlay ' /proc/mounts; cat /proc/self/uid_map",
      );
      assert.equal(first.code, 0, first.stderr);
      assert.equal(
        first.stdout.replace(/ +/g, " "),
        `0\n/opt:\na\nb\n\n/opt/b:\nupper\n2\n1\n 0 ${USER} 1\n`,
      );
      // Directories that nobody may enter are removed, too.
      const second = await run("rm /opt/a/one; mkdir -p /q/w; chmod 0 /q/w /q; ls /opt/a; exit 9");
      assert.deepEqual([second.code, second.stdout], [9, "hard\ntwo\n"], second.stderr);
      assert.deepEqual((await run("cat /opt/a/one; ls -d /q 2>/dev/null")).stdout, "one\n");
      const host = await run("grep -c : /proc/net/dev; ls /sys | head -1", "--network", "host");
      assert.equal(host.code, 0, host.stderr);
      for (
        const [error, ...options] of [
          [/a container of an ordinary user has only root/, "--user", "1000"],
          [/a bridge is root's to make/, "--network", "private"],
          [/a bridge is root's to make/, "-p", "8080:80"],
        ] as const
      ) {
        const refused = await run("true", ...options);
        assert.deepEqual([refused.code, error.test(refused.stderr)], [125, true], refused.stderr);
      }
      assert.deepEqual(place.left(), []);
      assert.equal(place.trees().length, 2);
      for (const key of place.trees()) {
        assert.equal((await Deno.stat(`${place.store}/trees/${key}/opt`)).uid, USER);
      }
    }, async (path) => {
      const image = await makeImage(path);
      chmodSync(`${path}/..`, 0o755);
      return image;
    }),
);
