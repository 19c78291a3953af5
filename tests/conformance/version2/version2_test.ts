import assert from "node:assert/strict";
import { withoutQemu } from "../../machines/qemu/machine.ts";
import { testWhen } from "../../support/when.ts";
import { surprises } from "../run.ts";
import { version2Column } from "./columns.ts";

testWhen(
  { missing: withoutQemu("x86_64") },
  "native containers on cgroups of version 2 alone, and with AppArmor: every case is as the specification says",
  async () => {
    const { rows, missing } = await version2Column("native");
    assert.equal(missing, undefined);
    assert.deepEqual(surprises("native", rows, false), []);
    assert.ok(rows.filter(({ result }) => result.outcome === "pass").length >= 28);
  },
);
