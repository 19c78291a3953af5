/** Time as filesystems see it; injected, so that nothing here reads the host's clock behind a caller's back. @module */

/** A source of the time of day. */
export interface Clock {
  /** Milliseconds since 1970, as exact as the host gives them (fractions allowed). */
  now(): number;
}

/** The host's clock, millisecond resolution: what Linux calls the coarse clock, which is what inode times use. */
export const hostClock: Clock = { now: () => Date.now() };
