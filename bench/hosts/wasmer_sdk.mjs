// A host to compare with: @wasmer/sdk in Node. Arguments: PACKAGE MODULE DIR [ARG...]; the guest's "/" is in memory.
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [library, path, , ...args] = process.argv.slice(2);
const { Directory, init, runWasix } = await import(pathToFileURL(`${library}/dist/node.mjs`).href);
await init();
const instance = await runWasix(readFileSync(path), {
  args,
  mount: { "/bench": new Directory() },
});
const { code, stdout, stderr } = await instance.wait();
writeSync(1, stdout);
writeSync(2, stderr);
process.exit(code);
