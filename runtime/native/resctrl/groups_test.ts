import assert from "node:assert/strict";
import type { IntelRdt } from "../../spec/types.ts";
import { enterGroups, makeGroups, removeGroups } from "./groups.ts";
import { mountOf, type Resctrl } from "./host.ts";
import { differenceFrom } from "./schemata.ts";

const DEFAULT = "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n";

interface Fake extends Resctrl {
  /** The container's directory. */
  readonly directory: string;
  /** Names of classes. */
  classes(): string[];
  read(path: string): string;
}

/** A directory that is like resctrl: new groups have their files, and take no lines that are none. */
async function withResctrl(f: (fake: Fake) => void): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-resctrl-" });
  const root = `${dir}/resctrl`, directory = `${dir}/container`;
  const fill = (path: string): void => {
    Deno.mkdirSync(path);
    for (const file of ["tasks", "schemata"]) {
      Deno.writeTextFileSync(`${path}/${file}`, file === "tasks" ? "" : DEFAULT);
    }
  };
  const top = (path: string): void => {
    fill(path);
    Deno.mkdirSync(`${path}/mon_groups`);
  };
  top(root);
  Deno.mkdirSync(`${root}/info`);
  Deno.writeTextFileSync(`${root}/info/last_cmd_status`, "ok\n");
  Deno.mkdirSync(directory);
  try {
    f({
      ...{ root, directory },
      make: (path) => path.includes("/mon_groups/") ? fill(path) : top(path),
      remove: (path) => Deno.removeSync(path, { recursive: true }),
      classes: () =>
        [...Deno.readDirSync(root)].filter(({ name, isDirectory }) =>
          isDirectory && !["info", "mon_groups"].includes(name)
        ).map(({ name }) => name),
      read: (path) => Deno.readTextFileSync(`${root}/${path}`),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const rdt = (more: Partial<IntelRdt> = {}): IntelRdt => ({ schemata: [], enableMonitoring: false, ...more });
const L3 = "L3:0=7f0;1=1f", MB = "MB:0=20;1=70";

/** Makes, enters and removes the groups of a container "c". */
function make(fake: Fake, wanted: IntelRdt): void {
  makeGroups("c", wanted, fake.directory, fake);
  enterGroups(fake.directory, 123);
}

Deno.test("config-linux.md#intelrdt: without closID the class is the container's, and goes with it", () =>
  withResctrl((fake) => {
    make(fake, rdt({ l3CacheSchema: L3 }));
    assert.deepEqual(fake.classes(), ["c"]);
    assert.deepEqual([fake.read("c/schemata"), fake.read("c/tasks")], [`${L3}\n`, "123\n"]);
    removeGroups(fake.directory, fake);
    removeGroups(fake.directory, fake);
    assert.deepEqual(fake.classes(), []);
  }));

Deno.test("config-linux.md#intelrdt: a class with closID stays, whoever has made it", () =>
  withResctrl((fake) => {
    make(fake, rdt({ closID: "guaranteed", l3CacheSchema: L3 }));
    removeGroups(fake.directory, fake);
    assert.deepEqual([fake.classes(), fake.read("guaranteed/tasks")], [["guaranteed"], "123\n"]);
    make(fake, rdt({ closID: "guaranteed" }));
    removeGroups(fake.directory, fake);
    assert.deepEqual(fake.classes(), ["guaranteed"]);
    make(fake, rdt({ closID: "/" }));
    assert.equal(fake.read("tasks"), "123\n");
    removeGroups(fake.directory, fake);
  }));

Deno.test("config-linux.md#intelrdt: l3CacheSchema, memBwSchema and schemata are written in this order", () =>
  withResctrl((fake) => {
    const lines: string[] = [];
    const watched: Fake = { ...fake, make: (path) => fake.make(path) };
    const { writeTextFileSync } = Deno;
    Deno.writeTextFileSync = (path, data, options) => {
      if (String(path).endsWith("/schemata")) lines.push(String(data));
      writeTextFileSync(path, data, options);
    };
    try {
      makeGroups(
        "c",
        rdt({ schemata: ["L2:0=1", "MB:1=10"], memBwSchema: MB, l3CacheSchema: L3 }),
        fake.directory,
        watched,
      );
    } finally {
      Deno.writeTextFileSync = writeTextFileSync;
    }
    assert.deepEqual(lines.slice(1), [`${L3}\n`, `${MB}\n`, "L2:0=1\n", "MB:1=10\n"]);
    assert.equal(lines[0], DEFAULT); // the kernel's
  }));

Deno.test("config-linux.md#intelrdt: a class that is not as it is to be, or not there, is an error that leaves nothing", () =>
  withResctrl((fake) => {
    fake.make(`${fake.root}/there`);
    const error = (wanted: IntelRdt, message: RegExp): void => {
      assert.throws(() => makeGroups("c", wanted, fake.directory, fake), message);
      assert.deepEqual(fake.classes(), ["there"]);
      assert.deepEqual([...Deno.readDirSync(fake.directory)], []);
    };
    error(
      rdt({ closID: "there", l3CacheSchema: L3 }),
      /linux\.intelRdt\.closID: .*: L3 of 0 is 7ff, not 7f0/,
    );
    error(rdt({ closID: "there", memBwSchema: MB }), /MB of 0 is 100, not 20/);
    error(rdt({ closID: "absent" }), /linux\.intelRdt\.closID: there is no .*\/absent/);
    makeGroups("c", rdt({ closID: "there", l3CacheSchema: "L3:0=07FF" }), fake.directory, fake);
    removeGroups(fake.directory, fake);
    Deno.removeSync(`${fake.directory}/resctrl.json`);
    const broken = { ...fake, make: (path: string) => Deno.mkdirSync(path) }; // its schemata cannot be written
    Deno.writeTextFileSync(`${fake.root}/info/last_cmd_status`, "No such domain\n");
    assert.throws(
      () => makeGroups("c", rdt({ l3CacheSchema: L3 }), fake.directory, broken),
      /linux\.intelRdt: writing "L3:0=7f0;1=1f" to .*\/c\/schemata: .*: No such domain/,
    );
    assert.deepEqual([fake.classes(), [...Deno.readDirSync(fake.directory)]], [["there"], []]);
  }));

Deno.test("config-linux.md#intelrdt: a monitoring group is the container's own, and goes with it", () =>
  withResctrl((fake) => {
    fake.make(`${fake.root}/there`);
    make(fake, rdt({ closID: "there", enableMonitoring: true }));
    assert.deepEqual([fake.read("there/tasks"), fake.read("there/mon_groups/c/tasks")], ["123\n", "123\n"]);
    assert.throws(
      () => makeGroups("c", rdt({ closID: "there", enableMonitoring: true }), fake.directory, fake),
      {
        message: /enableMonitoring: .*\/there\/mon_groups\/c is there already/,
      },
    );
    removeGroups(fake.directory, fake);
    assert.deepEqual([...Deno.readDirSync(`${fake.root}/there/mon_groups`)], []);
    const full = {
      ...fake,
      make: (path: string) => {
        if (path.includes("/mon_groups/")) throw new Error("No space left on device (os error 28)");
        fake.make(path);
      },
    };
    Deno.removeSync(`${fake.directory}/resctrl.json`);
    assert.throws(
      () => makeGroups("c", rdt({ enableMonitoring: true }), fake.directory, full),
      /linux\.intelRdt\.enableMonitoring: making .*: no space left on device/,
    );
    assert.deepEqual(fake.classes(), ["there"]);
  }));

Deno.test("config-linux.md#intelrdt: no resctrl is an error; nothing that is not asked for touches it", () =>
  withResctrl((fake) => {
    assert.throws(
      () => makeGroups("c", rdt(), fake.directory, undefined),
      /no resctrl filesystem is mounted/,
    );
    makeGroups("c", undefined, fake.directory, fake);
    enterGroups(fake.directory, 5);
    removeGroups(fake.directory, fake);
    assert.equal(fake.read("tasks"), "");
    assert.equal(
      mountOf("30 1 0:25 / /sys/fs/resctrl rw - resctrl resctrl rw,mba_MBps\n"),
      "/sys/fs/resctrl",
    );
    assert.equal(mountOf("30 1 0:25 / /sys/fs/a\\040b rw - resctrl resctrl rw\n"), "/sys/fs/a b");
    assert.equal(mountOf("30 1 0:25 / /proc rw - proc resctrl rw\n"), undefined);
  }));

Deno.test("differenceFrom(): only what a line names counts, whatever it looks like", () => {
  assert.equal(differenceFrom("L3:1=7FF", DEFAULT), undefined);
  assert.equal(differenceFrom("L3:2=7ff", DEFAULT), "L3 of 2 is not there, not 7ff");
  assert.equal(differenceFrom("L3CODE:0=1", DEFAULT), "it has no L3CODE");
});
