/** Making the FIFOs of a container that waits (start_fifos.ts). @module */
import { S_IFIFO } from "../../../fs/abi/mode.ts";
import { AT_FDCWD, O_RDWR } from "../../../fs/abi/open.ts";
import { type Descriptor, openPath } from "../ffi/descriptors.ts";
import { must, sys } from "../ffi/kernel.ts";
import { RESULT, START } from "./start_fifos.ts";

/** Makes both in the container's directory. They are open for reading and writing, so that nobody has to wait for anybody. */
export function makeFifos(directory: string): [start: Descriptor, result: Descriptor] {
  const make = (name: string): Descriptor => {
    const path = `${directory}/${name}`, what = `making ${path}`;
    must(sys("mknodat", AT_FDCWD, path, S_IFIFO | 0o600, 0), what);
    return openPath(path, O_RDWR, what);
  };
  const start = make(START);
  try {
    return [start, make(RESULT)];
  } catch (error) {
    start.close();
    throw error;
  }
}
