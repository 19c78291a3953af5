import assert from "node:assert/strict";
import { runtimeCommand, withBench } from "../runtime/support.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { repositoryFile } from "../support/umiak.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

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
  const reason = reasonAgainst({ ...NATIVE, tools: ["setpriv", "unshare", "test"] });
  if (reason !== undefined) return reason;
  const succeeds = (...words: string[]): boolean =>
    new Deno.Command(AS_USER[0]!, { args: [...AS_USER.slice(1), ...words], stdout: "null", stderr: "null" })
      .outputSync().success;
  if (!succeeds("unshare", "--user", "--mount", "true")) return "needs user namespaces for ordinary users";
  return succeeds("test", "-r", repositoryFile("deno.json"))
    ? undefined
    : "needs sources that others can read";
}

/** What `runc spec --rootless` changes. */
function rootless(config: Config): void {
  config.linux.namespaces = ["user", "pid", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type }));
  config.linux.uidMappings = config.linux.gidMappings = [{ containerID: 0, hostID: USER, size: 1 }];
  delete config.linux.resources;
  delete config.linux.cgroupsPath;
  config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== "cgroup");
  for (const mount of config.mounts) {
    mount.options = mount.options.filter((option: string) => !option.startsWith("gid="));
    if (mount.type === "sysfs") {
      Object.assign(mount, {
        type: "none",
        source: "/sys",
        options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
      });
    }
  }
}

testWhen(
  { missing: missing() },
  "an ordinary user runs containers, and processes in them, with its own id as root",
  () =>
    withBench(async (bench) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "cat /proc/self/uid_map; id -u; touch /tmp/x && exec sleep 1000",
        (config) => {
          rootless(config);
          config.root.readonly = false;
        },
      );
      for (const path of [bench.dir, `${bundle}/rootfs`, `${bundle}/rootfs/tmp`, `${bundle}/rootfs/dev`]) {
        await Deno.chown(path, USER, USER);
      }
      // Where Deno is need not be open to others: its descriptor is.
      const call = async (...args: string[]) => {
        const words = runtimeCommand(`${bench.dir}/own`).slice(1);
        const out = `${bench.dir}/out`;
        const { code } = await new Deno.Command("sh", {
          args: [
            "-c",
            `exec "$@" 9<'${Deno.execPath()}' </dev/null >'${out}' 2>&1`,
            "sh",
            ...AS_USER,
            "/proc/self/fd/9",
            ...words,
            ...args,
          ],
          clearEnv: true,
          env: { PATH: Deno.env.get("PATH")!, HOME: bench.dir, DENO_DIR: `${bench.dir}/cache` },
          cwd: "/",
        }).output();
        return { code, said: await Deno.readTextFile(out) };
      };
      const run = await call("run", "-d", "-b", bundle, "c");
      assert.equal(run.code, 0, run.said);
      const exec = await call("exec", "c", "sh", "-c", "id -u; cat /proc/self/setgroups; exit 7");
      assert.deepEqual([exec.code, exec.said], [7, "0\ndeny\n"]);
      const made = (): Promise<Deno.FileInfo | undefined> =>
        Deno.lstat(`${bundle}/rootfs/tmp/x`).catch(() => undefined);
      while (await made() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal((await made())!.uid, USER);
      const groups = nativeBundle(bench, "g", "true", (config) => {
        rootless(config);
        config.process.user.additionalGids = [5];
      });
      const refused = await call("run", "-b", groups, "g");
      assert.deepEqual(
        [refused.code, /additionalGids: groups cannot be set/.test(refused.said)],
        [1, true],
        refused.said,
      );
      const copies = nativeBundle(bench, "t", "cat /etc/file; stat -c %u /etc/file; touch /etc/new", (config) => {
        rootless(config);
        config.mounts.push({ destination: "/etc", type: "tmpfs", source: "t", options: ["tmpcopyup"] });
      });
      Deno.writeTextFileSync(`${copies}/rootfs/etc/file`, "text\n");
      for (const path of ["", "/dev", "/etc", "/etc/file"]) await Deno.chown(`${copies}/rootfs${path}`, USER, USER);
      assert.deepEqual(await call("run", "-b", copies, "t"), { code: 0, said: "text\n0\n" });
      const removed = await call("delete", "--force", "c");
      assert.equal(removed.code, 0, removed.said);
    }),
);
