/** `umiak login` and `umiak logout`. @module */
import {
  authFiles,
  DEFAULT_REGISTRY,
  defaultCertDirs,
  eraseCredentials,
  FileCredentials,
  login as logIn,
  loginFile,
  parseRegistryHost,
} from "../../image/registry/mod.ts";
import type { Parsed } from "../parser.ts";
import { askSecret, readSecret } from "../secret.ts";
import { registryOptions } from "./registry_options.ts";

function registryOf(parsed: Parsed): string {
  return parseRegistryHost(parsed.args[0] ?? DEFAULT_REGISTRY);
}

async function secretOf(parsed: Parsed, username: string, registry: string): Promise<string> {
  const secret = parsed.has("password-stdin")
    ? await readSecret(Deno.stdin.readable)
    : await askSecret(`Password of ${username} at ${registry}: `);
  if (secret === "") throw parsed.error("the password is empty");
  return secret;
}

/** `umiak login [REGISTRY]`. */
export async function login(parsed: Parsed): Promise<number> {
  const registry = registryOf(parsed);
  const stdin = parsed.has("password-stdin");
  if (!stdin && !Deno.stdin.isTerminal()) {
    throw parsed.error("standard input is not a terminal: use --username and --password-stdin");
  }
  const username = parsed.value("username") ?? (stdin ? undefined : prompt(`User name at ${registry}:`));
  if (!username) throw parsed.error(stdin ? "--password-stdin needs --username" : "the user name is empty");
  if (username.includes(":")) throw parsed.error("a user name has no colon in it");
  const password = await secretOf(parsed, username, registry);
  const { path, byHelper } = await logIn({
    registry,
    credentials: { username, password },
    path: parsed.value("authfile") ?? loginFile(),
    options: { certDirs: defaultCertDirs(), ...await registryOptions(parsed) },
  });
  const where = byHelper ? `with the credential helper of ${path}` : `in ${path}`;
  console.log(`Logged in to ${registry} as ${username}; the credentials are kept ${where}`);
  return 0;
}

/** `umiak logout [REGISTRY]`. */
export async function logout(parsed: Parsed): Promise<number> {
  const registry = registryOf(parsed);
  const own = parsed.value("authfile");
  const path = own ?? loginFile();
  const had = await eraseCredentials(path, registry);
  console.log(had ? `Logged out of ${registry}` : `Not logged in to ${registry} by ${path}`);
  if (own !== undefined) return 0;
  for (const other of authFiles()) {
    if (other === path || await new FileCredentials([other]).get(registry) === undefined) continue;
    console.error(`umiak: ${other} still has credentials for ${registry}`);
  }
  return 0;
}
