/** Changes of trees (layer.md#change-types). @module */

/** Kinds of changes: added, modified, deleted. */
export type ChangeKind = "A" | "M" | "D";

/** One change. What is below a deleted directory is not mentioned. */
export interface Change {
  /** What happened. */
  readonly kind: ChangeKind;
  /** To which path; the root is "". */
  readonly path: string;
}
