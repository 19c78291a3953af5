/** The place of the store. @module */
import assert from "node:assert/strict";
import { userInfo } from "node:os";

const program = `import { defaultRoot } from ${JSON.stringify(new URL("default_root.ts", import.meta.url))};
console.log(defaultRoot());`;

async function rootWith(env: Readonly<Record<string, string>>): Promise<string> {
  const args = ["eval", "--quiet", "--no-lock", "--no-config", program];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args,
    env,
    clearEnv: true,
    stderr: "inherit",
  }).output();
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("defaultRoot(): $UMIAK_ROOT, $XDG_DATA_HOME, $HOME, and without them the user's home directory", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  assert.equal(await rootWith({ UMIAK_ROOT: "/u", HOME: "/h" }), "/u");
  assert.equal(await rootWith({ XDG_DATA_HOME: "/x", HOME: "/h" }), "/x/umiak");
  assert.equal(await rootWith({ HOME: "/h" }), "/h/.local/share/umiak");
  assert.equal(await rootWith({}), `${userInfo().homedir}/.local/share/umiak`);
});
