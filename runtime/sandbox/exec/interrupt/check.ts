/**
 * What an interruptible guest calls at its safe points: a function in WebAssembly that reads the ticker's flag, and only when it is raised
 * calls the host, where the guest's stack is suspended until it goes on.
 * @module
 */
import { END_GUEST } from "../../abi/shim.ts";
import { WasmWriter } from "../wasm/writer.ts";
import { SECTION } from "../wasm/sections.ts";
import { CHECK_EXPORT } from "./instrument.ts";
import type { Ticker } from "./ticker.ts";

const I32 = 0x7f, FUNCTION = 0, MEMORY = 2;

function assemble(): WebAssembly.Module {
  const out = new WasmWriter();
  const section = (id: number, write: (w: WasmWriter) => void): void => {
    const w = new WasmWriter();
    write(w);
    out.u8(id);
    out.leb(w.length);
    out.raw(w.view());
  };
  const imported = (w: WasmWriter, name: string, what: readonly number[]): void => {
    w.name("host");
    w.name(name);
    w.raw(what);
  };
  out.raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(SECTION.TYPE, (w) => w.raw([2, 0x60, 0, 0, 0x60, 0, 1, I32])); // () -> (); () -> i32
  section(SECTION.IMPORT, (w) => {
    w.u8(2);
    imported(w, "flag", [MEMORY, 3, 1, 1]); // shared, one page
    imported(w, "interrupted", [FUNCTION, 1]);
  });
  section(SECTION.FUNCTION, (w) => w.raw([1, 0]));
  section(SECTION.EXPORT, (w) => {
    w.u8(1);
    w.name("check");
    w.raw([FUNCTION, 1]);
  });
  const code = [
    ...[0, 0x41, 0, 0x28, 2, 0, 0x45, 0x0d, 0], // no locals; if the flag is 0: return
    ...[0x10, 0, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b, 0x0b], // interrupted() < 0: unreachable
  ];
  section(SECTION.CODE, (w) => w.raw([1, code.length, ...code]));
  return new WebAssembly.Module(out.view());
}

let checkModule: WebAssembly.Module | undefined;

interface Jspi {
  Suspending: new (f: () => Promise<number>) => WebAssembly.ImportValue;
}

/**
 * Connects an instance of an instrumented module with the ticker. `pass` lets others run and attends to what there is; true: the guest
 * must end.
 */
export function connectCheck(
  instance: WebAssembly.Instance,
  ticker: Ticker,
  pass: () => Promise<boolean>,
): void {
  const table = instance.exports[CHECK_EXPORT];
  if (!(table instanceof WebAssembly.Table)) return; // a module without functions
  const { Suspending } = WebAssembly as unknown as Jspi;
  const interrupted = async (): Promise<number> => {
    ticker.lower();
    return await pass() ? END_GUEST : 0;
  };
  const { exports } = new WebAssembly.Instance(checkModule ??= assemble(), {
    host: { flag: ticker.memory, interrupted: new Suspending(interrupted) },
  });
  table.set(0, exports["check"] as () => void);
}
