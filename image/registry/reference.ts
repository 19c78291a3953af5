/** Names of images in registries, by the rules that Docker set and everybody follows. @module */
import { parseDigest } from "../digest.ts";

/** An image in a registry. */
export interface RegistryReference {
  /** Host and port of the registry, as users write it: "docker.io", "localhost:5000". */
  readonly registry: string;
  /** Name of the repository: "library/alpine". */
  readonly repository: string;
  /** A tag. */
  readonly tag?: string;
  /** A digest; it decides, whatever the tag. */
  readonly digest?: string;
}

/** The registry of names that begin with no host. */
export const DEFAULT_REGISTRY = "docker.io";
/** The tag of names that have neither tag nor digest. */
export const DEFAULT_TAG = "latest";

/** `<name>` of distribution-spec, Pulling manifests. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
/** A tag, from the same place. */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::([0-9]{1,5}))?$/;
/** Longest host and name together (distribution-spec, Pulling manifests, Implementers note). */
const MAX_NAME = 255;

/** True for a tag of the grammar. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** True for a repository name of the grammar. */
export function isRepository(text: string): boolean {
  return REPOSITORY.test(text);
}

/** Checks HOST[:PORT], and returns it in lower case; Docker Hub's other names become docker.io. Throws for what is none. */
export function parseRegistryHost(text: string): string {
  const bad = (why: string): Error => new Error(`registry ${JSON.stringify(text)}: ${why}`);
  if (/^[a-z]+:\/\//i.test(text)) throw bad("it is written without a scheme: HOST[:PORT]");
  const match = HOST.exec(text);
  if (match === null) throw bad("expected HOST[:PORT]");
  const port = match[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) {
    throw bad(`port ${port} does not exist`);
  }
  const host = text.toLowerCase();
  return host === "index.docker.io" || host === "registry-1.docker.io" ? DEFAULT_REGISTRY : host;
}

/** The first part of a name is a host if it could not be part of a path. */
function isHost(part: string): boolean {
  return /[.:[]/.test(part) || part === "localhost" || part !== part.toLowerCase();
}

function splitDigest(text: string, bad: (why: string) => Error): [name: string, digest: string | undefined] {
  const at = text.indexOf("@");
  if (at < 0) return [text, undefined];
  const digest = text.slice(at + 1);
  if (parseDigest(digest) === undefined) throw bad(`malformed digest ${JSON.stringify(digest)}`);
  return [text.slice(0, at), digest];
}

/** Reads [HOST[:PORT]/]NAME[:TAG][@DIGEST]. Throws an error that says which part is wrong. */
export function parseRegistryReference(text: string): RegistryReference {
  const bad = (why: string): Error => new Error(`image reference ${JSON.stringify(text)}: ${why}`);
  if (text === "") throw bad("it is empty");
  if (/^[a-z]+:\/\//i.test(text)) throw bad("it is written without a scheme: [HOST/]NAME[:TAG]");
  if (/^[a-f0-9]{64}$/.test(text)) throw bad("64 hexadecimal digits are an identifier, not a name");
  const [named, digest] = splitDigest(text, bad);
  const slash = named.lastIndexOf("/");
  const colon = named.indexOf(":", slash + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) throw bad(`${JSON.stringify(tag)} is not a tag`);
  const first = name.indexOf("/");
  const hosted = first >= 0 && isHost(name.slice(0, first));
  let registry = DEFAULT_REGISTRY, repository = name;
  if (hosted) {
    registry = parseRegistryHost(name.slice(0, first));
    repository = name.slice(first + 1);
  }
  if (repository === "") throw bad("it names no repository");
  if (registry === DEFAULT_REGISTRY && !repository.includes("/")) repository = `library/${repository}`;
  if (repository !== repository.toLowerCase()) throw bad("a repository's name is in lower case");
  if (!REPOSITORY.test(repository)) {
    throw bad(`${JSON.stringify(repository)} is not the name of a repository`);
  }
  if (registry.length + 1 + repository.length > MAX_NAME) {
    throw bad(`it is longer than ${MAX_NAME} characters`);
  }
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The whole name: HOST/NAME[:TAG][@DIGEST]. */
export function registryReferenceText({ registry, repository, tag, digest }: RegistryReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${
    digest === undefined ? "" : `@${digest}`
  }`;
}

/** The host that serves a registry's API: Docker Hub's has a name of its own. */
export function apiHost(registry: string): string {
  return registry === DEFAULT_REGISTRY ? "registry-1.docker.io" : registry;
}
