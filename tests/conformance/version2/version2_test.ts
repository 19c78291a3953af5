import assert from "node:assert/strict";
import { WITHOUT_UML } from "../../uml/machine.ts";
import { testWhen } from "../../support/when.ts";
import { surprises } from "../run.ts";
import { version2Column } from "./columns.ts";

testWhen(
  { missing: WITHOUT_UML },
  "native containers on cgroups of version 2 alone: every case is as the specification says",
  async () => {
    const { rows, missing } = await version2Column("native");
    assert.equal(missing, undefined);
    assert.deepEqual(surprises("native", rows, false), []);
    assert.ok(rows.filter(({ result }) => result.outcome === "pass").length >= 22);
  },
);
