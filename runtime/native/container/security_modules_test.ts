import assert from "node:assert/strict";
import { checkSecurityModules } from "./security_modules.ts";

const NONE = "21 1 0:20 / /proc rw - proc proc rw\n";
const SELINUX = `${NONE}30 1 0:25 / /sys/fs/selinux rw - selinuxfs selinuxfs rw\n`;
const system = (enabled: string | undefined, mountinfo: string) => (path: string): string | undefined =>
  path === "/proc/self/mountinfo" ? mountinfo : enabled;

Deno.test("config.md#linux-process: labels that nothing enforces are errors, those that something does are not", () => {
  const both = { apparmorProfile: "p", selinuxLabel: "u:r:t:s0" };
  checkSecurityModules("creating", {}, undefined, system(undefined, NONE));
  checkSecurityModules("creating", { apparmorProfile: "", selinuxLabel: "" }, "", system(undefined, NONE));
  checkSecurityModules("creating", both, "u:r:t:s0", system("Y", SELINUX));
  for (const enabled of [undefined, "N"]) {
    assert.throws(
      () => checkSecurityModules("creating", both, undefined, system(enabled, SELINUX)),
      /^LifecycleError: creating: process\.apparmorProfile: unable to apply apparmor profile p: AppArmor is not enabled/,
    );
  }
  assert.throws(
    () => checkSecurityModules("creating", both, undefined, system("Y", NONE)),
    /process\.selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported/,
  );
  assert.throws(
    () => checkSecurityModules("creating", {}, "u:r:t:s0", system(undefined, NONE)),
    /linux\.mountLabel: selinux label is specified/,
  );
});
