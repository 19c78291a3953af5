/** A repository as the parts of the client see it, and reading through mirrors. @module */
import { NetworkError } from "./http/errors.ts";
import type { Session } from "./session.ts";

/** One place that has the repository. */
export interface Endpoint {
  /** Its server. */
  readonly session: Session;
  /** The repository's name there. */
  readonly name: string;
  /** Query that requests to it need: "" or "?ns=HOST". */
  readonly query: string;
}

/** A repository. */
export interface RepositoryContext {
  /** HOST/NAME, for messages. */
  readonly text: string;
  /** Name of the repository. */
  readonly name: string;
  /** The registry itself. */
  readonly origin: Endpoint;
  /** Mirrors, the first to be asked first. Those that do not answer are taken out. */
  readonly mirrors: Endpoint[];
}

/**
 * Reads from the first mirror that has something, or from the registry itself (distribution-spec, Registry Proxying). `isAnswer`: false
 * for an answer that the registry itself has to confirm.
 */
export async function pulling<T>(
  context: RepositoryContext,
  signal: AbortSignal | undefined,
  read: (endpoint: Endpoint) => Promise<T>,
  isAnswer: (value: T) => boolean = () => true,
): Promise<T> {
  for (const mirror of [...context.mirrors]) {
    try {
      const value = await read(mirror);
      if (isAnswer(value)) return value;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof NetworkError) context.mirrors.splice(context.mirrors.indexOf(mirror) >>> 0, 1);
      // What is wrong with a mirror is not the user's concern as long as the registry has it.
    }
  }
  return await read(context.origin);
}
