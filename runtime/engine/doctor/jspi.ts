/** Whether WebAssembly can wait for promises: every blocking call of the userland kernel does. @module */
import type { Failure } from "../../native/probe/facts.ts";

/** (module (import "" "f" (func (result i32))) (func (export "g") (result i32) call 0)) */
const MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...[0x02, 0x06, 0x01, 0x00, 0x01, 0x66, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x67, 0x00, 0x01],
  ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x10, 0x00, 0x0b],
);
const ANSWER = 42;

interface Jspi {
  readonly Suspending?: new (f: () => Promise<number>) => WebAssembly.ImportValue;
  readonly promising?: (f: WebAssembly.ExportValue) => () => Promise<number>;
}

/** Lets a module wait once. */
export async function tryJspi(wasm: Jspi = WebAssembly as Jspi): Promise<Failure> {
  const { Suspending, promising } = wasm;
  if (Suspending === undefined || promising === undefined) return "this Deno has no JSPI";
  try {
    const { instance } = await WebAssembly.instantiate(MODULE, {
      "": { f: new Suspending(() => Promise.resolve(ANSWER)) },
    });
    const answer = await promising(instance.exports.g!)();
    return answer === ANSWER ? undefined : `JSPI answers ${answer} in place of ${ANSWER}`;
  } catch (error) {
    return `JSPI: ${(error as Error).message}`;
  }
}
