import assert from "node:assert/strict";
import { readHost } from "../../runtime/native/cgroups/hosts.ts";
import { type Bench, runtimeCommand, withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

const with2 = Deno.build.os === "linux" && readHost().hierarchies.some(({ version }) => version === 2);
const VERSION2 = {
  ...NATIVE,
  tools: ["unshare"],
  missing: NATIVE.missing ?? (with2 ? undefined : "needs cgroups of version 2"),
};

/**
 * A host with nothing but version 2, for a script: other mounts are out of its sight. Controllers that are bound to version 1 are not there, but
 * what all cgroups have is. `umiak` is umiak-runtime; $place is a directory that is empty and stays so.
 */
async function onVersion2(bench: Bench, script: string): Promise<string> {
  const whole = `
    set -e
    umount -R -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
    umiak() { ${runtimeCommand(bench.root).map((word) => `'${word}'`).join(" ")} "$@" </dev/null; }
    root=/sys/fs/cgroup; before=" $(cat $root/cgroup.subtree_control) "; name=umiak-test-$$; place=$root/$name
    end() {
      if [ -e $place ]; then
        echo 1 >$place/cgroup.kill
        while grep -q "populated 1" $place/cgroup.events; do sleep 0.05; done
        find $place -depth -type d -exec rmdir {} +
      fi
      for each in $(cat $root/cgroup.subtree_control); do
        case $before in *" $each "*) ;; *) echo "-$each" >$root/cgroup.subtree_control ;; esac
      done
    }
    trap end EXIT
    setting() { (cd "$1" && grep -H . hugetlb.*max cgroup.max.* cgroup.type cgroup.freeze cgroup.subtree_control | grep -v rsvd); } # of which older runtimes do not know
    ${script}`;
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--mount", "/bin/sh", "-c", whole],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** A bundle whose cgroup is $place/NAME. */
const bundleAt = (bench: Bench, name: string, script: string, resources: Config): string =>
  nativeBundle(bench, name, script, (config) => {
    config.linux.cgroupsPath = `/PLACE/${name}`;
    config.linux.resources = resources;
  });

const HUGE = {
  devices: [{ allow: false, access: "rwm" }, { allow: true, type: "c", major: 1, minor: 11, access: "r" }],
  hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }],
  unified: { "hugetlb.1GB.max": "1073741824", "cgroup.max.depth": "5" },
};

const hasHuge = ((): boolean => {
  try {
    return Deno.readTextFileSync("/sys/fs/cgroup/unified/cgroup.controllers").includes("hugetlb");
  } catch {
    return false;
  }
})();

testWhen(
  {
    ...VERSION2,
    tools: ["unshare", "runc"],
    missing: VERSION2.missing ?? (hasHuge ? undefined : "needs hugetlb"),
  },
  "cgroups of version 2: every setting is as runc makes it",
  () =>
    withBench(async (bench) => {
      const [ours, theirs] = ["ours", "theirs"].map((name) => bundleAt(bench, name, "sleep 1000", HUGE));
      const text = await onVersion2(
        bench,
        `
        sed -i "s:/PLACE:/$name:" '${ours}/config.json' '${theirs}/config.json'
        umiak create -b '${ours}' c >'${bench.dir}/out' 2>&1 || { cat '${bench.dir}/out' >&2; exit 1; }
        runc --root '${bench.dir}/runc' create -b '${theirs}' $name </dev/null >'${bench.dir}/out2' 2>&1 || { cat '${bench.dir}/out2' >&2; exit 1; }
        setting $place/ours; echo ----; setting $place/theirs
        runc --root '${bench.dir}/runc' delete --force $name; umiak delete --force c
        test ! -e $place/ours`,
      );
      const [own, other] = text.split("----\n");
      assert.match(own!, /hugetlb\.2MB\.max:4194304/);
      assert.equal(own, other);
    }),
);

testWhen(
  VERSION2,
  "cgroups of version 2: devices, pause, resume, exec, events, kill --all, delete",
  () =>
    withBench(async (bench) => {
      const script =
        "head -c 0 /dev/null && echo null; mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem; sleep 1000 & wait";
      const bundle = bundleAt(bench, "c", script, {});
      const config = JSON.parse(Deno.readTextFileSync(`${bundle}/config.json`));
      config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "t", options: [] });
      for (const set of Object.keys(config.process.capabilities)) {
        config.process.capabilities[set].push("CAP_MKNOD");
      }
      Deno.writeTextFileSync(`${bundle}/config.json`, JSON.stringify(config));
      const out = `${bench.dir}/out`;
      const text = await onVersion2(
        bench,
        `
      sed -i "s:/PLACE:/$name:" '${bundle}/config.json'
      umiak run --detach -b '${bundle}' c >'${out}' 2>&1 || { cat '${out}' >&2; exit 1; }
      while ! grep -q 'mem' '${out}' || [ $(wc -l <$place/c/cgroup.procs) != 2 ]; do sleep 0.05; done
      umiak pause c; cat $place/c/cgroup.freeze; umiak state c | grep -o paused; umiak resume c; cat $place/c/cgroup.freeze
      umiak exec c grep 0:: /proc/self/cgroup | sed 's/.*::/in /'
      mkdir $place/c/inner; umiak exec --cgroup inner c cat /proc/self/cgroup | grep 0:: ; rmdir $place/c/inner
      umiak events --stats c | grep -o '"pids":{"current":[0-9]*'
      umiak kill --all c KILL
      while ! umiak state c | grep -q stopped; do sleep 0.05; done
      umiak delete c
      test ! -e $place/c`,
      );
      assert.deepEqual(text.trim().split("\n"), [
        "1",
        "paused",
        "0",
        "in /",
        "0::/inner",
        '"pids":{"current":2',
      ]);
      const said = Deno.readTextFileSync(out);
      assert.match(said, /^null$/m);
      assert.match(said, /mem.*Operation not permitted/);
    }),
);

testWhen(
  VERSION2,
  "cgroups of version 2: a limit without its controller is an error that names it, and leaves nothing",
  () =>
    withBench(async (bench) => {
      const bundle = bundleAt(bench, "c", "true", { unified: { "nothing.max": "1" } });
      const text = await onVersion2(
        bench,
        `
      sed -i "s:/PLACE:/$name:" '${bundle}/config.json'
      umiak create -b '${bundle}' c 2>&1 || echo $?
      test ! -e $place`,
      );
      assert.match(
        text,
        /linux\.resources\.unified\[\\"nothing\.max\\"\]: there is no controller nothing here/,
      );
    }),
);
