/** `umiak image`. @module */
import { major, minor } from "../../fs/abi/device.ts";
import { isBlk, isChr, isDir, isFifo, isLnk } from "../../fs/abi/mode.ts";
import type { ListedFile } from "../../image/list_files.ts";
import { parsePlatform } from "../../image/platform.ts";
import { forEachFile, inspect as inspectImage, pack as packImage } from "../../runtime/engine/images.ts";
import type { Parsed } from "../parser.ts";

function platformOf(parsed: Parsed): ReturnType<typeof parsePlatform> | undefined {
  const text = parsed.value("platform");
  return text === undefined ? undefined : parsePlatform(text);
}

/** `umiak image inspect IMAGE`. */
export async function inspect(parsed: Parsed): Promise<number> {
  console.log(JSON.stringify(await inspectImage(parsed.args[0]!, platformOf(parsed)), null, 2));
  return 0;
}

const FLAGS = "rwxrwxrwx";

/** A mode as ls shows it: -rw-r--r--. */
export function modeText(mode: number): string {
  const type = isDir(mode)
    ? "d"
    : isLnk(mode)
    ? "l"
    : isChr(mode)
    ? "c"
    : isBlk(mode)
    ? "b"
    : isFifo(mode)
    ? "p"
    : "-";
  const bits = [...FLAGS].map((flag, i) => (mode & (0o400 >> i)) !== 0 ? flag : "-");
  const special = (bit: number, at: number, on: string, off: string): void => {
    if ((mode & bit) !== 0) bits[at] = bits[at] === "x" ? on : off;
  };
  special(0o4000, 2, "s", "S");
  special(0o2000, 5, "s", "S");
  special(0o1000, 8, "t", "T");
  return type + bits.join("");
}

/** A name on one line, whatever is in it. */
function shown(name: string): string {
  // deno-lint-ignore no-control-regex
  return /[\x00-\x1f\x7f\udc80-\udcff]/.test(name) ? JSON.stringify(name) : name;
}

function line(file: ListedFile, long: boolean): string {
  const name = shown(file.path) + (file.target === undefined ? "" : ` -> ${shown(file.target)}`);
  if (!long) return shown(file.path);
  const size = isChr(file.mode) || isBlk(file.mode)
    ? `${major(file.rdev)}, ${minor(file.rdev)}`
    : String(file.size);
  const time = new Date(file.mtimeSec * 1000).toISOString().slice(0, 16).replace("T", " ");
  return `${modeText(file.mode)} ${`${file.uid}:${file.gid}`.padEnd(9)} ${size.padStart(10)} ${time} ${name}`;
}

/** `umiak image ls-files IMAGE`. */
export async function lsFiles(parsed: Parsed): Promise<number> {
  const long = parsed.has("long");
  let text = "";
  const flush = (): void => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    text = "";
  };
  await forEachFile(parsed.args[0]!, platformOf(parsed), (file) => {
    text += `${line(file, long)}\n`;
    if (text.length > 65536) flush();
  });
  flush();
  return 0;
}

/** DIR:TAG; a Windows drive's colon belongs to the directory. */
function outputOf(text: string | undefined): { directory: string; tag: string } {
  const at = text?.lastIndexOf(":") ?? -1;
  const directory = text?.slice(0, at) ?? "", tag = text?.slice(at + 1) ?? "";
  if (at < 1 || tag === "" || /[\\/]/.test(tag)) {
    throw new Error("--output: expected DIR:TAG, for example ./image:latest");
  }
  return { directory: directory.replace(/^oci:/, ""), tag };
}

function fileOf(text: string): { source: string; target: string } {
  const at = text.indexOf("=");
  if (at < 1 || !text.slice(at + 1).startsWith("/")) {
    throw new Error(`--file ${JSON.stringify(text)}: expected HOST=/PATH/IN/CONTAINER`);
  }
  return { source: text.slice(0, at), target: text.slice(at + 1) };
}

/** `umiak image pack FILE.wasm -o DIR:TAG`. */
export async function pack(parsed: Parsed): Promise<number> {
  const words = (name: string, key: "entrypoint" | "cmd"): { [k in typeof key]?: readonly string[] } =>
    parsed.values(name).length === 0 ? {} : { [key]: parsed.values(name) };
  const text = (name: string, key: "workdir" | "user" | "modulePath"): { [k in typeof key]?: string } => {
    const value = parsed.value(name);
    return value === undefined ? {} : { [key]: value };
  };
  const labels = parsed.values("label").map((each) => {
    const at = each.indexOf("=");
    if (at < 1) throw new Error(`--label ${JSON.stringify(each)}: expected NAME=VALUE`);
    return [each.slice(0, at), each.slice(at + 1)] as const;
  });
  for (const each of parsed.values("env")) {
    if (each.indexOf("=") < 1) throw new Error(`--env ${JSON.stringify(each)}: expected NAME=VALUE`);
  }
  const digest = await packImage({
    module: parsed.args[0]!,
    ...outputOf(parsed.value("output")),
    files: parsed.values("file").map(fileOf),
    env: parsed.values("env"),
    ...words("entrypoint", "entrypoint"),
    ...words("cmd", "cmd"),
    ...text("workdir", "workdir"),
    ...text("user", "user"),
    ...text("module-path", "modulePath"),
    labels: Object.fromEntries(labels),
  });
  console.log(digest);
  return 0;
}
