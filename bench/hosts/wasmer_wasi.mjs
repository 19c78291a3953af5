// A host to compare with: @wasmer/wasi. Arguments: PACKAGE MODULE DIR [ARG...]; DIR is left alone, the guest's "/" is in memory.
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [library, path, , ...args] = process.argv.slice(2);
const { init, MemFS, WASI } = await import(pathToFileURL(`${library}/dist/Library.esm.min.js`).href);
await init();
const fs = new MemFS();
fs.createDir("/bench");
const host = new WASI({ env: {}, args: [path, ...args], preopens: { "/": "/" }, fs });
host.instantiate(await WebAssembly.compile(readFileSync(path)), {});
process.exitCode = host.start();
for (const [fd, text] of [[1, host.getStdoutString()], [2, host.getStderrString()]]) writeSync(fd, text);
