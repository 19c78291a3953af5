import assert from "node:assert/strict";
import { checkKernel } from "./refuse.ts";

Deno.test("checkKernel(): 5.12 is the oldest", () => {
  for (const release of ["5.12.0", "5.12-rc1", "6.1.0-18-amd64", "10.0"]) checkKernel(release);
  for (const release of ["5.10.0-28-amd64", "4.19.0", "5.11.22"]) {
    assert.throws(() => checkKernel(release), /native containers need Linux 5\.12 or later, and this is/);
  }
});
