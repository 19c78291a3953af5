/** Who may do what in a registry. @module */

/** What can be done with a repository, in the words of the token protocol. */
export type Action = "pull" | "push" | "delete";

/** What a request needs. */
export interface Access {
  /** The repository; undefined for the list of all. */
  readonly repository: string | undefined;
  /** What is done with it. */
  readonly actions: readonly Action[];
}

/** What a client has shown that it may do. */
export interface Grant {
  /** True if it may do this with the repository. */
  may(action: Action, repository: string): boolean;
}

/** A registry's door. */
export interface RegistryAuth {
  /** Answers requests for an endpoint of its own, outside /v2/. */
  endpoint?(request: Request): Promise<Response | undefined>;
  /** Lets a request in; `access` is undefined for /v2/ itself. Throws a RegistryError with the challenge otherwise. */
  authorize(request: Request, access: Access | undefined): Promise<Grant>;
}

/** Everybody may do everything. */
export const OPEN_GRANT: Grant = { may: () => true };
