/** What somebody who mistyped a word meant. @module */

/** Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [], last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, before[j - 2]! + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** The known word nearest to `word`, if one is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const ranked = known.map((each) => [editDistance(word, each), each] as const).sort(([a], [b]) => a - b);
  const [distance, best] = ranked[0] ?? [Infinity, undefined];
  if (distance <= limit) return best;
  const prefixed = word.replace(/^-+/, "").length >= 2 ? known.filter((each) => each.startsWith(word)) : [];
  return prefixed.length === 1 ? prefixed[0] : undefined;
}
