/** A specification as JSON: what is decoded from it is the same again. @module */
import type { LinuxSpec } from "./linux_types.ts";
import type { Spec } from "./types.ts";

/** Numbers of any size, digit by digit; V8's JSON can write them. */
interface RawJson {
  rawJSON(text: string): unknown;
}

/** JSON text of a value whose bigints are written as the numbers they are. */
export function exactJson(value: unknown, indent?: number): string {
  const replace = (_name: string, each: unknown): unknown =>
    typeof each === "bigint" ? (JSON as unknown as RawJson).rawJSON(String(each)) : each;
  return JSON.stringify(value, replace, indent);
}

function linuxJson(linux: LinuxSpec): unknown {
  const { netDevices } = linux;
  if (netDevices === undefined) return linux;
  return {
    ...linux,
    netDevices: Object.fromEntries(netDevices.map(({ hostName, name }) => [hostName, { name }])),
  };
}

/** config.json's text. */
export function encodeSpec(spec: Spec, indent?: number): string {
  return exactJson({ ...spec, linux: linuxJson(spec.linux) }, indent);
}
