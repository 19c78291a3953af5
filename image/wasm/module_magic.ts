/** How WebAssembly modules begin. @module */

/** Why bytes are not the beginning of a module; undefined if they are. */
export function moduleProblem(head: Uint8Array): string | undefined {
  if (head.length < 8 || head[0] !== 0 || head[1] !== 0x61 || head[2] !== 0x73 || head[3] !== 0x6d) {
    return "not a WebAssembly module";
  }
  // The second half of the version is the layer: 0 for modules, 1 for components.
  if (head[6] === 1 && head[7] === 0) return "a WebAssembly component, not a module";
  const version = head[4]! | head[5]! << 8;
  return version === 1 && head[6] === 0 && head[7] === 0
    ? undefined
    : `not a WebAssembly module of version 1`;
}
