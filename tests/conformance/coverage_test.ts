/** No property without a case. @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";
import { configOf } from "./bundle.ts";
import { SUBJECTS } from "./cases/mod.ts";

/** Paths of all properties of a document; names in maps (annotations, sysctl, …) are not properties. */
function properties(value: unknown, path = "", found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) { for (const item of value) properties(item, path, found); }
  else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const here = path === "" ? name : `${path}.${name}`;
      found.add(here);
      if (!MAPS.includes(here)) properties(item, here, found);
    }
  }
  return found;
}

const MAPS = [
  ...["annotations", "linux.sysctl", "linux.netDevices", "linux.timeOffsets", "linux.resources.unified"],
  "linux.resources.rdma",
];

Deno.test("every property of the specification's own examples for Linux has a case", async () => {
  const covered = new Set<string>();
  for (const test of SUBJECTS.flatMap(({ cases }) => cases)) {
    if (test.text === undefined) properties(JSON.parse(configOf(test)), "", covered);
  }
  for (const name of ["spec-example", "linux-netdevice", "linux-rdma", "minimal-for-start"]) {
    const text = await Deno.readTextFile(
      repositoryFile(`tests/fixtures/runtime_spec/config/good/${name}.json`),
    );
    const without = [...properties(JSON.parse(text))].filter((property) => !covered.has(property));
    assert.deepEqual(without, [], name);
  }
});
