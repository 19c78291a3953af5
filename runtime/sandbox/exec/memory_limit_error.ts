/** Why a module is refused that would load. @module */

/** The module's memory needs more than the limit from the start. */
export class MemoryLimitError extends Error {
  /** @ignore */
  override name = "MemoryLimitError";
}
