// A host to compare with: node:wasi, Node's own or Deno's. Arguments: MODULE DIR [ARG...]; DIR is the guest's "/".
import { readFile } from "node:fs/promises";
import process from "node:process";
import { WASI } from "node:wasi";

const [path, dir, ...args] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(path));
const version = WebAssembly.Module.imports(module).some((i) => i.module === "wasi_unstable")
  ? "unstable"
  : "preview1";
const env = { PYTHONHOME: "/usr/local" };
const wasi = new WASI({ version, args: [path, ...args], env, preopens: { "/": dir }, returnOnExit: true });
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
