/** Where configuration files with credentials are, and the source that reads them all. @module */
import { credentialsFrom, readConfigFile } from "./config_file.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";

/** Reads an environment variable. */
export type Environment = (name: string) => string | undefined;

/** The files in the order they are asked: what a variable names explicitly, then Podman's, then Docker's. */
export function authFiles(env: Environment = Deno.env.get): readonly string[] {
  const own = (name: string): string | undefined => env(name) || undefined;
  const home = own("HOME") ?? own("USERPROFILE");
  const explicit = own("REGISTRY_AUTH_FILE"), docker = own("DOCKER_CONFIG");
  const runtime = own("XDG_RUNTIME_DIR"), config = own("XDG_CONFIG_HOME");
  const paths = [
    explicit,
    docker && `${docker}/config.json`,
    runtime && `${runtime}/containers/auth.json`,
    config && `${config}/containers/auth.json`,
    home && `${home}/.config/containers/auth.json`,
    home && `${home}/.docker/config.json`,
  ];
  return [...new Set(paths.filter((path) => path !== undefined && path !== ""))] as string[];
}

/** The file that `login` writes: the one a variable names, else Docker's, which everything reads. */
export function loginFile(env: Environment = Deno.env.get): string {
  const explicit = env("REGISTRY_AUTH_FILE"), docker = env("DOCKER_CONFIG");
  if (explicit) return explicit;
  if (docker) return `${docker}/config.json`;
  const home = env("HOME") || env("USERPROFILE");
  if (!home) throw new Error("login: neither HOME nor DOCKER_CONFIG says where to keep credentials");
  return `${home}/.docker/config.json`;
}

/** Credentials from files, the first that has some; read anew each time, so that a login counts at once. */
export class FileCredentials implements CredentialSource {
  readonly #paths: readonly string[];

  /** Reads `paths`, or the usual ones. */
  constructor(paths: readonly string[] = authFiles()) {
    this.#paths = paths;
  }

  /** See CredentialSource. */
  async get(registry: string, repository?: string): Promise<Credentials | undefined> {
    for (const path of this.#paths) {
      const file = await readConfigFile(path);
      const found = file === undefined ? undefined : await credentialsFrom(file, registry, repository);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
