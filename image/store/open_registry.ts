/** Registries, as images are named in them: loaded only when one is needed. @module */
import type { RegistryOptions } from "../registry/options.ts";
import { DEFAULT_TAG, parseRegistryReference, registryReferenceText } from "../registry/reference.ts";
import type { Repository } from "../registry/repository.ts";

/** A repository, and what is meant in it. */
export interface OpenRegistry {
  /** The repository. */
  readonly repository: Repository;
  /** HOST[:PORT] of its registry. */
  readonly registry: string;
  /** The tag that is named, if any; `latest` if there is no digest either. */
  readonly tag: string | undefined;
  /** The digest that is named. */
  readonly digest: string | undefined;
  /** The whole name. */
  readonly text: string;
}

/** The repository that [HOST/]NAME[:TAG][@DIGEST] names. Credentials and certificates come from where Docker and Podman keep them. */
export async function openRegistry(name: string, options: RegistryOptions = {}): Promise<OpenRegistry> {
  const reference = parseRegistryReference(name);
  const { registry, repository, digest } = reference;
  const tag = reference.tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  const { Registry, FileCredentials, defaultCertDirs } = await import("../registry/mod.ts");
  const opened = new Registry(registry, {
    credentials: new FileCredentials(),
    certDirs: defaultCertDirs(),
    ...options,
  });
  const text = registryReferenceText(tag === undefined ? reference : { ...reference, tag });
  return { repository: opened.repository(repository), registry, tag, digest, text };
}
