/** Runs a module from a program, with what it writes caught in memory. @module */
import { runImage } from "../mod.ts";

const module = new URL("../tests/guests/hello.wasm", import.meta.url).pathname;
let output = "";
const stdout = {
  writeSync(bytes: Uint8Array): number {
    output += new TextDecoder().decode(bytes);
    return bytes.length;
  },
};

const code = await runImage({ image: module }, { stdout });
console.log(JSON.stringify({ code, output }));
