/**
 * The parts of config.json for other platforms than Linux (config.md#platform-specific-configuration). Nothing of them is used: a part
 * that could not be a document's is an error, as any wrong value.
 * @module
 */
import type { Cursor } from "../../json/mod.ts";
import { boolean, oneOf, text } from "./values.ts";

const SHARING = ["disable", "new", "inherit"], SHARING_NO_DISABLE = ["new", "inherit"];

function freebsd(cursor: Cursor): void {
  cursor.field("devices").list((device) => {
    device.field("path").optional(text);
    device.field("mode").optional((mode) => mode.integer(0, 0o777));
  });
  cursor.field("jail").optional((jail) => {
    for (const name of ["host", "vnet"]) {
      jail.field(name).optional((value) => oneOf(value, SHARING_NO_DISABLE, "sharing mode"));
    }
    for (const name of ["ip4", "ip6", "sysvmsg", "sysvsem", "sysvshm"]) {
      jail.field(name).optional((value) => oneOf(value, SHARING, "sharing mode"));
    }
    for (const name of ["parent", "interface"]) jail.field(name).optional(text);
    for (const name of ["ip4Addr", "ip6Addr", "vnetInterfaces"]) jail.field(name).list(text);
    jail.field("enforceStatfs").optional((value) => value.integer(0, 255));
    jail.field("allow").optional((allow) =>
      allow.entries().forEach(([name, value]) => name === "mount" ? value.list(text) : boolean(value))
    );
  });
}

/** Throws if a part for another platform is none. */
export function checkPlatforms(cursor: Cursor): void {
  cursor.field("freebsd").optional(freebsd);
  for (const name of ["solaris", "vm", "windows", "zos"]) {
    cursor.field(name).optional((value) => value.object());
  }
}
