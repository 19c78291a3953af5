/** Host and domain name (man 7 uts_namespaces). @module */
import { Namespace } from "./namespace.ts";
import type { UserNamespace } from "./user_namespace.ts";

/** See the module's comment. */
export class UtsNamespace extends Namespace {
  /** See Namespace. */
  readonly kind = "uts";

  /** A namespace with these names. */
  constructor(owner: UserNamespace, public hostname: string, public domainname: string) {
    super(owner);
  }
}
