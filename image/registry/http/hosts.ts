/** Hosts: which are this machine, and which are the same. @module */

/** True if HOST[:PORT] is this machine itself, so that nothing can listen in between. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(name);
  if (v4 !== null) return v4[1] === "127" && v4.slice(2).every((part) => Number(part) < 256);
  return name === "::1" || name === "0:0:0:0:0:0:0:1";
}

/** True if two addresses lead to one server: scheme, host and port. */
export function sameOrigin(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && a.host === b.host;
}

/** The address in a message: without its query, which may be signed. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
