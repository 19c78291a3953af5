/** Functions of the C library of Linux, for what Deno itself is slow at or does not have. @module */

/** Functions of it; undefined on another system, without one, or without the permission for FFI, which nobody is asked for. */
export function linuxLibrary<const S extends Deno.ForeignLibraryInterface>(
  symbols: S,
): Deno.DynamicLibrary<S>["symbols"] | undefined {
  if (Deno.build.os !== "linux") return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  for (const name of ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`, "libc.so"]) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch {
      // Another C library, or one without such a function.
    }
  }
  return undefined;
}
