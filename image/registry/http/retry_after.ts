/** Retry-After (RFC 9110, section 10.2.3). @module */

/** How long a server asks to wait, in milliseconds from `now`; undefined if it does not say, or not understandably. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
  if (!/^[A-Z][a-z]{2,8}, ?\d/.test(text)) return undefined;
  const date = Date.parse(text);
  if (Number.isNaN(date)) return undefined;
  // The server's own clock, where it tells, so that a wrong one does not matter.
  const theirs = Date.parse(headers.get("date") ?? "");
  return Math.max(0, date - (Number.isNaN(theirs) ? now : theirs));
}
