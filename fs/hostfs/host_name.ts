/** Which names may be passed to the host's file system. @module */

const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * True if the host keeps this name as it is. A byte that is not UTF-8 cannot be passed through Deno; Windows has devices, streams and
 * separators in names, and drops dots and blanks at their end.
 */
export function isHostName(name: string, os: typeof Deno.build.os = Deno.build.os): boolean {
  if (/[\ud800-\udfff]/u.test(name) || name.includes("\0")) return false;
  if (os !== "windows") return true;
  // deno-lint-ignore no-control-regex
  return !/[<>:"/\\|?*\x00-\x1f]/.test(name) && !/[. ]$/.test(name) && !WINDOWS_DEVICE.test(name);
}
