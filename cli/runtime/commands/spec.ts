/** `umiak-runtime spec`. @module */
import { defaultSpec } from "../../../runtime/spec/default_spec.ts";
import { encodeSpec } from "../../../runtime/spec/encode.ts";
import type { Parsed } from "../../parser.ts";

/** Writes config.json; one that is there stays. */
export function specCommand(parsed: Parsed): Promise<number> {
  const path = `${parsed.value("bundle") ?? "."}/config.json`;
  const ids = parsed.has("rootless") ? { rootless: { uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 } } : {};
  try {
    Deno.writeTextFileSync(path, `${encodeSpec(defaultSpec(ids), 2)}\n`, { createNew: true, mode: 0o666 });
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists
      ? "it exists already; remove it first"
      : (error as Error).message;
    throw new Error(`writing ${path}: ${why}`, { cause: error });
  }
  return Promise.resolve(0);
}
