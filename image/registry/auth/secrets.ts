/** Keeps what is secret out of messages, whoever wrote them: a registry may send back what it was sent. @module */
import { RegistryError } from "../http/errors.ts";
import { type Credentials, encodeBase64 } from "./credentials.ts";

/** Shorter ones would make holes into ordinary text. */
const MIN_LENGTH = 4;

/** Secrets that were in use. */
export class Secrets {
  readonly #known = new Set<string>();

  /** Notes a secret. */
  add(secret: string | undefined): void {
    if (secret !== undefined && secret.length >= MIN_LENGTH) this.#known.add(secret);
  }

  /** Notes all that credentials consist of. */
  addCredentials({ username, password, identityToken, registryToken }: Credentials): void {
    this.add(password);
    this.add(identityToken);
    this.add(registryToken);
    if (password === undefined) return;
    this.add(encodeURIComponent(password));
    this.add(encodeBase64(`${username}:${password}`));
  }

  /** The text without any of them. */
  scrub(text: string): string {
    let clean = text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, "***");
    return clean;
  }

  /** The error without any of them. */
  scrubError(error: RegistryError): RegistryError {
    const message = this.scrub(error.message);
    return message === error.message
      ? error
      : new RegistryError(message, error.status, error.codes, error.retryAfter);
  }
}
