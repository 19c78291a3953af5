/** Certificates for a registry, from where Docker and Podman keep them. @module */
import type { TlsSettings } from "./node_hop.ts";

/** How TLS is wanted. */
export interface TlsOptions {
  /** False: any certificate will do (--tls-verify=false). */
  readonly tlsVerify?: boolean;
  /** Certificates of issuers that are trusted beside the usual ones (PEM). */
  readonly caCerts?: readonly string[];
  /** Certificate and key of the client (PEM). */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** Directories with one below it for each HOST[:PORT]: *.crt are issuers, *.cert and *.key belong to the client. */
  readonly certDirs?: readonly string[];
}

/** Largest certificate file. */
const MAX_FILE = 1024 * 1024;

/** Where Docker and Podman look for certificates, on this machine and for this user. */
export function defaultCertDirs(env: (name: string) => string | undefined = Deno.env.get): readonly string[] {
  const home = env("HOME") || env("USERPROFILE");
  const own = home === undefined ? [] : [`${home}/.config/containers/certs.d`, `${home}/.docker/certs.d`];
  return Deno.build.os === "windows" ? own : [...own, "/etc/containers/certs.d", "/etc/docker/certs.d"];
}

async function readPem(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE) throw new Error(`${size} bytes, more than the ${MAX_FILE} that are read`);
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`certificate ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) names.push(entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw new Error(`reading ${directory}: ${(error as Error).message}`, { cause: error });
  }
  return names.sort();
}

/** What the directory of one host says. */
async function fromDirectory(directory: string): Promise<TlsSettings> {
  const ca: string[] = [];
  let pair: { cert: string; key: string } | undefined;
  const names = await namesIn(directory);
  for (const name of names) {
    if (name.endsWith(".crt")) ca.push(await readPem(`${directory}/${name}`));
    if (!name.endsWith(".cert")) continue;
    const key = `${name.slice(0, -".cert".length)}.key`;
    if (!names.includes(key)) throw new Error(`certificate ${directory}/${name}: its key ${key} is missing`);
    pair ??= { cert: await readPem(`${directory}/${name}`), key: await readPem(`${directory}/${key}`) };
  }
  return { verify: true, ca, ...pair };
}

/** TLS for HOST[:PORT]; undefined if it is as everywhere. Throws for files that cannot be read. */
export async function tlsSettings(host: string, options: TlsOptions): Promise<TlsSettings | undefined> {
  const ca = [...options.caCerts ?? []];
  let pair = options.clientCertificate;
  // The host is a name of a file here: one that could lead elsewhere has none.
  if (!/[\\/]|^\.+$/.test(host)) {
    for (const directory of options.certDirs ?? []) {
      const found = await fromDirectory(`${directory}/${host}`);
      ca.push(...found.ca);
      if (pair === undefined && found.cert !== undefined && found.key !== undefined) {
        pair = { cert: found.cert, key: found.key };
      }
    }
  }
  const verify = options.tlsVerify ?? true;
  if (verify && ca.length === 0 && pair === undefined) return undefined;
  return { verify, ca, ...pair };
}
