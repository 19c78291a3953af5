/** How a module says that it is a program for WASIX: little, so that others need not load what WASIX is. @module */

/** Name of the import module. */
export const WASIX_MODULE = "wasix_32v1";

/** Types of the functions that a module imports from WASIX: the first byte of each value type. */
export type Signatures = ReadonlyMap<
  string,
  { readonly params: readonly number[]; readonly results: readonly number[] }
>;
