/** Configuration files with credentials: Docker's config.json and Podman's auth.json, which have one format. @module */
import { Cursor, parseJson } from "../../../json/mod.ts";
import { type Credentials, decodeBase64 } from "./credentials.ts";
import { CredentialHelper, DOCKER_HUB_KEY } from "./helper.ts";

/** Largest file that is read. */
const MAX_FILE = 4 * 1024 * 1024;

/** The names under which a file may have a registry's credentials. */
export function registryKeys(registry: string): readonly string[] {
  return registry === "docker.io" ? ["docker.io", "index.docker.io", "registry-1.docker.io"] : [registry];
}

/** The name that a helper knows a registry by. */
export function helperKey(registry: string): string {
  return registry === "docker.io" ? DOCKER_HUB_KEY : registry;
}

/** A key without what differs from one program to another: scheme, version of the API, a slash at the end. */
export function normalKey(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/v[12]\/?$/, "").replace(/\/+$/, "").toLowerCase();
}

/** What a file says. */
export interface ConfigFile {
  /** Its path. */
  readonly path: string;
  /** The whole document, also what is not understood here. */
  readonly document: Record<string, unknown>;
}

/** Reads a file; undefined if there is none. Its content is never part of an error. */
export async function readConfigFile(path: string): Promise<ConfigFile | undefined> {
  let bytes: Uint8Array;
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw new Error("not a file");
    if (size > MAX_FILE) throw new Error(`${size} bytes, more than the ${MAX_FILE} that are read`);
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw new Error(`reading ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (bytes.every((byte) => byte <= 0x20)) return { path, document: {} };
  let value: unknown;
  try {
    value = parseJson(bytes, path);
  } catch {
    throw new Error(`${path}: not valid JSON`);
  }
  return { path, document: new Cursor(value, path).object() };
}

/** The helper that keeps a registry's credentials by the file's words; `own`: one for this registry alone. */
export function helperOf(
  file: ConfigFile,
  registry: string,
): { helper: CredentialHelper; own: boolean } | undefined {
  const root = new Cursor(file.document, file.path);
  const keys = registryKeys(registry);
  for (const [key, value] of root.field("credHelpers").entries()) {
    if (keys.includes(normalKey(key)) && value.string() !== "") {
      return { helper: new CredentialHelper(value.string()), own: true };
    }
  }
  const store = root.field("credsStore").optional((value) => value.string());
  return store ? { helper: new CredentialHelper(store), own: false } : undefined;
}

function entryCredentials(entry: Cursor): Credentials | undefined {
  const text = (name: string): string | undefined =>
    entry.field(name).optional((value) => value.string()) || undefined;
  const registryToken = text("registrytoken"), identityToken = text("identitytoken");
  let username = text("username"), password = text("password");
  const auth = text("auth");
  if (auth !== undefined) {
    const decoded = decodeBase64(auth)?.replace(/\0+$/, "");
    const at = decoded?.indexOf(":") ?? -1;
    if (decoded === undefined || at < 0) throw entry.field("auth").error("expected base64 of NAME:PASSWORD");
    username = decoded.slice(0, at);
    password = decoded.slice(at + 1);
  }
  const found = {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
  const enough = found.password !== undefined || identityToken !== undefined || registryToken !== undefined;
  return enough ? found : undefined;
}

/** The entry of `auths` whose key is the longest that the registry and the repository begin with. */
function entryFor(
  file: ConfigFile,
  registry: string,
  repository: string | undefined,
): Credentials | undefined {
  const entries = new Cursor(file.document, file.path).field("auths").entries();
  const byKey = new Map(entries.map(([key, value]) => [normalKey(key), value]));
  const parts = repository?.split("/") ?? [];
  for (let n = parts.length; n >= 0; n--) {
    for (const name of registryKeys(registry)) {
      const entry = byKey.get([name, ...parts.slice(0, n)].join("/"));
      const found = entry?.exists ? entryCredentials(entry) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The credentials that a file, or the helper it names, has. */
export async function credentialsFrom(
  file: ConfigFile,
  registry: string,
  repository: string | undefined,
): Promise<Credentials | undefined> {
  const found = helperOf(file, registry);
  if (found?.own) return await found.helper.get(helperKey(registry));
  return entryFor(file, registry, repository) ?? await found?.helper.get(helperKey(registry));
}
