/** bin/*.cmd: how Windows starts the command lines. @module */
import assert from "node:assert/strict";
import { repositoryFile } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

for (const name of ["umiak", "umiak-runtime"]) {
  Deno.test(`bin/${name}.cmd starts a module that is there, passes arguments on, and ends with its exit code`, () => {
    const text = Deno.readTextFileSync(repositoryFile(`bin/${name}.cmd`));
    const main = /"MAIN=%ROOT%\\(.*)"/.exec(text)?.[1]?.replaceAll("\\", "/");
    assert.ok(main !== undefined && Deno.statSync(repositoryFile(main)).isFile, main);
    assert.match(text, /^ *deno run .*--config "%ROOT%\\deno\.json" "%MAIN%" %\*$/m);
    assert.match(text, /^exit \/b %ERRORLEVEL%$/m);
  });
  testWhen({ os: ["windows"] }, `bin/${name}.cmd --help`, async () => {
    const { success } = await new Deno.Command("cmd", {
      args: ["/c", repositoryFile(`bin/${name}.cmd`), "--help"],
      stdout: "null",
    }).output();
    assert.ok(success);
  });
}
