/** Images for Linux, run by an ordinary user. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { unreadableSources } from "../support/ordinary_user.ts";
import { AS_USER, USER } from "../native/rootless.ts";
import { umiakArgs } from "../support/umiak.ts";
import { dir, file } from "../../image/store/testing/trees.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { baseEntries, makeImage, type Place, secondEntries, WITH_USER, withPlace } from "./support.ts";

/** CAP_NET_BIND_SERVICE, permitted and effective: struct vfs_cap_data, revision 2 (linux/capability.h). */
const MAY_BIND = new Uint8Array(Uint32Array.of(0x02000001, 1 << 10, 0, 0, 0).buffer);

/** A user that has a name, and is given ids while a test runs. */
const NAMED = 65534, FIRST = 300000;

/** Runs the words after it where files are over others that nobody else sees: `PATH=OVER` for each. */
function withBinds(binds: Readonly<Record<string, string>>): string[] {
  const mounts = Object.entries(binds).map(([path, over]) => `mount --bind '${path}' '${over}'`);
  return ["unshare", "--mount", "sh", "-ec", `${mounts.join("; ")}; exec "$@"`, "sh"];
}

/** Where Deno has packages, which would be fetched again for another user. */
const PACKAGES: string = JSON.parse(
  new TextDecoder().decode(
    new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout,
  ),
).npmCache;

/** Why ordinary users cannot have containers here. */
function missing(): string | undefined {
  if (WITH_USER.missing !== undefined) return WITH_USER.missing;
  const succeeds = (...words: string[]): boolean =>
    new Deno.Command(AS_USER[0]!, { args: [...AS_USER.slice(1), ...words], stdout: "null", stderr: "null" })
      .outputSync().success;
  if (!succeeds("unshare", "--user", "--mount", "true")) return "needs user namespaces for ordinary users";
  return unreadableSources(AS_USER);
}

interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** umiak as a user. Where Deno is need not be open to others: its descriptor is. */
async function asUser(place: Place, ...args: string[]): Promise<Done> {
  return await as(place, AS_USER, args);
}

async function as(
  place: Place,
  user: readonly string[],
  args: readonly string[],
  binds: Readonly<Record<string, string>> = {},
): Promise<Done> {
  const uid = Number(user.find((word) => word.startsWith("--reuid="))!.slice("--reuid=".length));
  await Deno.mkdir(`${place.dir}/cache/npm`, { recursive: true });
  await Deno.chown(`${place.dir}/cache`, uid, uid);
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      `exec "$@" 9<'${Deno.execPath()}' </dev/null`,
      "sh",
      ...withBinds({ [PACKAGES]: `${place.dir}/cache/npm`, ...binds }),
      ...user,
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
      // Directories that nobody may enter are removed, too, and those whose names are no text.
      const second = await run(
        'rm /opt/a/one; n=$(printf "/q/\\377"); mkdir -p /q/w "$n/w"; chmod 0 "$n/w" "$n" /q/w /q; ls /opt/a; exit 9',
      );
      assert.deepEqual([second.code, second.stdout], [9, "hard\ntwo\n"], second.stderr);
      assert.deepEqual((await run("cat /opt/a/one; ls -d /q 2>/dev/null")).stdout, "one\n");
      const host = await run("grep -c : /proc/net/dev; ls /sys | head -1", "--network", "host");
      assert.equal(host.code, 0, host.stderr);
      for (
        const [error, ...options] of [
          [/an ordinary user's container has only root/, "--user", "1000"],
          [/a bridge is root's to make/, "--network", "private"],
          [/a bridge is root's to make/, "-p", "8080:80"],
          // Cgroups of this host are root's.
          [
            /: --memory, --cpus: this user can set no limits here: .*EACCES/,
            "--memory",
            "64m",
            "--cpus",
            "1",
          ],
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

/** Why an ordinary user cannot be given ids here. */
function missingIds(): string | undefined {
  const reason = missing() ?? reasonAgainst({ tools: ["newuidmap", "newgidmap", "unshare", "mount"] });
  if (reason !== undefined) return reason;
  try {
    Deno.statSync("/etc/subuid");
    Deno.statSync("/etc/subgid");
  } catch {
    return "needs /etc/subuid and /etc/subgid";
  }
}

testWhen(
  { ...WITH_USER, missing: missingIds() },
  "an ordinary user that has been given ids: files have their owners, programs their users, and all of it can be removed",
  () =>
    withPlace(async (place) => {
      await Deno.chown(place.dir, NAMED, NAMED);
      await Deno.writeTextFile(`${place.dir}/subid`, `nobody:${FIRST}:65536\n`);
      const granted = { [`${place.dir}/subid`]: "/etc/subuid", [`${place.dir}/./subid`]: "/etc/subgid" };
      const user = [
        "setpriv",
        `--reuid=${NAMED}`,
        `--regid=${NAMED}`,
        "--clear-groups",
      ];
      const run = async (script: string, ...options: string[]): Promise<Done> =>
        await as(place, user, ["run", ...options, place.image, "sh", "-c", script], granted);
      const first = await run("stat -c %u:%g:%a / /opt/a/two /secret /secret/run; cat /proc/self/uid_map");
      assert.equal(first.code, 0, first.stderr);
      assert.equal(
        first.stdout.replace(/ +/g, " "),
        `1000:1001:755\n0:0:644\n1000:1001:700\n1000:1001:4755\n 0 ${NAMED} 1\n 1 ${FIRST} 65536\n`,
      );
      const second = await run(
        "id; ls /secret/run; mkdir -p /tmp/own/deep; touch /tmp/own/deep/f; chmod 0 /tmp/own",
        "--user",
        "user",
      );
      assert.deepEqual(
        [second.code, second.stdout],
        [0, "uid=1000(user) gid=1001(user) groups=1002(more)\n/secret/run\n"],
        second.stderr,
      );
      // Capabilities of files, of root's and of others': for the container, not for the host.
      const able = await run(
        "for at in /able /secret; do $at/busybox grep CapEff /proc/self/status; done; grep CapEff /proc/self/status",
        "--user",
        "user",
      );
      assert.deepEqual(
        [able.code, able.stdout.match(/\w{16}/g)],
        [0, ["0000000000000400", "0000000000000400", "0000000000000000"]],
        able.stderr,
      );
      assert.deepEqual(place.left(), []);
      const [, upper] = place.trees().map((key) => `${place.store}/trees/${key}`);
      assert.ok(upper !== undefined);
      const beyond = await run("true", "--user", "70000");
      assert.deepEqual(
        [beyond.code, /user 70000: it is not among the ids/.test(beyond.stderr)],
        [125, true],
        beyond.stderr,
      );
      const collected = await as(place, user, ["store", "gc"], granted);
      assert.equal(collected.code, 0, collected.stderr);
      assert.deepEqual(place.trees(), []);
    }, async (path) => {
      const secret = { uid: 1000, gid: 1001 }, busybox = Deno.readFileSync("/bin/busybox");
      const able = new Map([["security.capability", MAY_BIND]]);
      const image = await makeImage(path, [
        [
          ...baseEntries(),
          dir(".", { uid: 1000, gid: 1001 }),
          dir("secret", { ...secret, mode: 0o700 }),
          file("secret/run", "x", { ...secret, mode: 0o4755 }),
          dir("able"),
          file("able/busybox", busybox, { mode: 0o755, xattrs: able }),
          file("secret/busybox", busybox, { ...secret, mode: 0o755, xattrs: able }),
        ],
        [...secondEntries(), dir("tmp", { mode: 0o1777 })],
      ]);
      chmodSync(`${path}/..`, 0o755);
      return image;
    }),
);
