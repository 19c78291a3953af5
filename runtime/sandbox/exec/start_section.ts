/** Whether a module runs code as it is instantiated. @module */

const SECTION_START = 8;
const HEADER_SIZE = 8;

/** True if a valid module has a start section (core specification, "Binary Format", Start Section): that code is the guest's own. */
export function hasStart(module: Uint8Array): boolean {
  for (let at = HEADER_SIZE; at < module.length;) {
    if (module[at++] === SECTION_START) return true;
    let size = 0;
    for (let scale = 1, byte = 0x80; byte >= 0x80; scale *= 128) {
      byte = module[at++] ?? 0;
      size += (byte & 0x7f) * scale;
    }
    at += size;
  }
  return false;
}
