/** Hooks (config.md#posix-platform-hooks). @module */

/** A program that is run at a point of the container's life, with the container's state on its standard input. */
export interface Hook {
  /** The program; absolute. */
  readonly path: string;
  /** argv, with argv[0]; if empty it is called by its path. */
  readonly args: readonly string[];
  /** Its whole environment, `NAME=value`. */
  readonly env: readonly string[];
  /** Seconds before it is aborted; without them it may take as long as it wants. */
  readonly timeout?: number;
}

/** Names of the lists of hooks, in the order of their points (runtime.md#lifecycle). */
export const HOOK_NAMES = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

/** Name of a list of hooks. */
export type HookName = typeof HOOK_NAMES[number];

/** Hooks by their point. */
export type Hooks = Readonly<Record<HookName, readonly Hook[]>>;
