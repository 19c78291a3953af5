/** Times that are longer than setTimeout() takes. @module */

/** The longest time that setTimeout() takes, 25 days; a longer one would be over at once. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** setTimeout() for any time. Returns what calls it off. */
export function setLongTimeout(then: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (left: number): void => {
    timer = setTimeout(
      () => left > LONGEST_MS ? wait(left - LONGEST_MS) : then(),
      Math.min(left, LONGEST_MS),
    );
  };
  wait(ms);
  return () => clearTimeout(timer);
}
