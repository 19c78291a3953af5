import assert from "node:assert/strict";
import { withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { callAsUser, missing, rootless, USER } from "./rootless.ts";
import { type Config, nativeBundle } from "./support.ts";

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
      const call = (...args: string[]) => callAsUser(bench, ...args);
      const run = await call("run", "-d", "-b", bundle, "c");
      assert.equal(run.code, 0, run.said);
      const made = (): Promise<Deno.FileInfo | undefined> =>
        Deno.lstat(`${bundle}/rootfs/tmp/x`).catch(() => undefined);
      while (await made() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal((await made())!.uid, USER);
      // Only now: what the container says before goes to the file of what is said, too.
      const exec = await call("exec", "c", "sh", "-c", "id -u; cat /proc/self/setgroups; exit 7");
      assert.deepEqual([exec.code, exec.said], [7, "0\ndeny\n"]);
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
      const copies = nativeBundle(
        bench,
        "t",
        "cat /etc/file; stat -c %u /etc/file; touch /etc/new",
        (config) => {
          rootless(config);
          config.mounts.push({ destination: "/etc", type: "tmpfs", source: "t", options: ["tmpcopyup"] });
        },
      );
      Deno.writeTextFileSync(`${copies}/rootfs/etc/file`, "text\n");
      for (const path of ["", "/dev", "/etc", "/etc/file"]) {
        await Deno.chown(`${copies}/rootfs${path}`, USER, USER);
      }
      assert.deepEqual(await call("run", "-b", copies, "t"), { code: 0, said: "text\n0\n" });
      const hooked = nativeBundle(bench, "h", "echo program", (config) => {
        rootless(config);
        // Where a hook runs: under which id, and whether it sees the container's root.
        const hook = (name: string, file: string) => [{
          path: "/bin/sh",
          args: ["sh", "-c", `echo ${name} $(id -u) $(test -e /mark && echo inside) >>${file}`],
          env: ["PATH=/usr/bin"],
        }];
        config.hooks = {
          createRuntime: hook("createRuntime", `${bench.dir}/hooks`),
          createContainer: hook("createContainer", `${bench.dir}/hooks`),
          startContainer: hook("startContainer", "/tmp/hooks"),
        };
        config.root.readonly = false;
      });
      for (const name of ["/mark", "/tmp/hooks"]) Deno.writeTextFileSync(`${hooked}/rootfs${name}`, "");
      Deno.writeTextFileSync(`${bench.dir}/hooks`, "");
      for (const path of ["", "/dev", "/tmp", "/tmp/hooks"]) {
        await Deno.chown(`${hooked}/rootfs${path}`, USER, USER);
      }
      await Deno.chown(`${bench.dir}/hooks`, USER, USER);
      assert.deepEqual(await call("run", "-b", hooked, "h"), { code: 0, said: "program\n" });
      const said = (path: string): string[] => Deno.readTextFileSync(path).trim().split(/ *\n/);
      assert.deepEqual(said(`${bench.dir}/hooks`), [`createRuntime ${USER}`, "createContainer 0"]);
      assert.deepEqual(said(`${hooked}/rootfs/tmp/hooks`), ["startContainer 0 inside"]);
      const removed = await call("delete", "--force", "c");
      assert.equal(removed.code, 0, removed.said);
    }),
);

/** Where a hierarchy of version 1 is. */
const PIDS = "/sys/fs/cgroup/pids";

for (
  const how of [
    "runc spec --rootless",
    "the same without a cgroup mount",
    "the same without a cgroup namespace",
  ]
) {
  testWhen(
    { missing: missing() ?? (exists(`${PIDS}/cgroup.procs`) ? undefined : "needs cgroups of version 1") },
    `CVE-2023-25809: an ordinary user's container cannot change cgroups that are the user's: ${how}`,
    () =>
      withBench(async (bench) => {
        const name = bench.dir.split("/").pop()!, own = `${PIDS}/${name}`;
        Deno.mkdirSync(own);
        try {
          for (const path of [own, ...[...Deno.readDirSync(own)].map((file) => `${own}/${file.name}`)]) {
            Deno.chownSync(path, USER, USER);
          }
          const script = `for d in $(find /sys -name ${name} 2>/dev/null); do mkdir $d/in && echo made; ` +
            "echo 5 >$d/pids.max && echo written; done; echo looked";
          const bundle = nativeBundle(bench, "b", `exec 2>/dev/null; ${script}`, (config) => {
            const cgroup = config.mounts.find(({ type }: Config) => type === "cgroup");
            rootless(config);
            if (how !== "the same without a cgroup mount") config.mounts.push(cgroup);
            if (how === "the same without a cgroup namespace") {
              config.linux.namespaces = config.linux.namespaces.filter(({ type }: Config) =>
                type !== "cgroup"
              );
            }
          });
          for (const path of [bench.dir, `${bundle}/rootfs`, `${bundle}/rootfs/dev`]) {
            await Deno.chown(path, USER, USER);
          }
          const { code, said } = await callAsUser(bench, "run", "-b", bundle, "c");
          assert.deepEqual([code, said], [0, "looked\n"]);
          assert.equal(Deno.readTextFileSync(`${own}/pids.max`), "max\n");
        } finally {
          for (const path of [`${own}/in`, own]) if (exists(path)) Deno.removeSync(path);
        }
      }),
  );
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
