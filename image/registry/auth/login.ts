/** Keeps credentials, and forgets them. @module */
import { directoryOf } from "../../store/atomic_file.ts";
import {
  type ConfigFile,
  helperKey,
  helperOf,
  normalKey,
  readConfigFile,
  registryKeys,
} from "./config_file.ts";
import { type Credentials, encodeBase64 } from "./credentials.ts";

/** Where credentials have been put, or were taken from: a file's path or a helper's name, for a message. */
export type Kept = { readonly path: string; readonly byHelper: boolean };

/** Writes a file that only its owner may read; it is replaced at once or not at all. */
async function writePrivate(path: string, text: string): Promise<void> {
  // A link stays a link: people keep their configuration elsewhere.
  const target = await Deno.realPath(path).catch(() => path);
  const temporary = `${target}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(directoryOf(target), { recursive: true, mode: 0o700 });
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, target);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`writing ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function auths(file: ConfigFile): Record<string, unknown> {
  const value = file.document["auths"] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`${file.path}: auths: expected an object`);
  }
  return value as Record<string, unknown>;
}

/** The entries without those of a registry; entries for single repositories are others. */
function without(file: ConfigFile, registry: string): [string, unknown][] {
  const keys = registryKeys(registry);
  return Object.entries(auths(file)).filter(([key]) => !keys.includes(normalKey(key)));
}

async function write(file: ConfigFile, entries: readonly [string, unknown][]): Promise<void> {
  const document = { ...file.document, auths: Object.fromEntries(entries) };
  await writePrivate(file.path, `${JSON.stringify(document, null, "\t")}\n`);
}

/** Keeps credentials for a registry in the file, or with the helper that the file names. */
export async function saveCredentials(
  path: string,
  registry: string,
  credentials: Credentials,
): Promise<Kept> {
  const file = await readConfigFile(path) ?? { path, document: {} };
  const key = helperKey(registry);
  const found = helperOf(file, registry);
  if (found !== undefined) await found.helper.store(key, credentials);
  const { username = "", password = "", identityToken } = credentials;
  const entry = found !== undefined ? {} : {
    auth: encodeBase64(`${username}:${password}`),
    ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
  };
  await write(file, [...without(file, registry), [key, entry]]);
  return { path, byHelper: found !== undefined };
}

/** Forgets a registry's credentials. False if there were none. */
export async function eraseCredentials(path: string, registry: string): Promise<boolean> {
  const file = await readConfigFile(path);
  if (file === undefined) return false;
  const found = helperOf(file, registry);
  if (found !== undefined) await found.helper.erase(helperKey(registry));
  const rest = without(file, registry);
  const had = rest.length < Object.keys(auths(file)).length;
  if (had) await write(file, rest);
  return had || found !== undefined;
}
