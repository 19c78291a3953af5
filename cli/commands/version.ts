/** `umiak version`. @module */

/** The version of umiak. */
export const VERSION = "0.1.0";

/** Prints the version and those of what it runs on. */
export function version(): number {
  console.log(
    `umiak ${VERSION} (deno ${Deno.version.deno}, v8 ${Deno.version.v8}, ${Deno.build.os}/${Deno.build.arch})`,
  );
  return 0;
}
