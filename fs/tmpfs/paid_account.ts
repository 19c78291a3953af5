/** Pages that count against a filesystem's limit and against somebody's memory (a control group). @module */
import { ENOMEM, ENOSPC } from "../abi/errno.ts";
import type { MemoryAccount } from "../vfs/vfs.ts";
import type { Account } from "./content.ts";

/** See the module's comment. */
export class PaidAccount implements Account {
  /** See Account. */
  error = -ENOSPC;
  #bytes = 0;
  #ended = false;

  /** An account of `payer` with a filesystem that limits what all together have. */
  constructor(readonly limit: Account, readonly payer: MemoryAccount) {}

  /** See Account. */
  charge(bytes: number, needed: boolean): boolean {
    if (!this.limit.charge(bytes, needed)) {
      this.error = -ENOSPC;
      return false;
    }
    if (!this.#ended && !this.payer.charge(bytes, needed)) {
      this.limit.charge(-bytes, false);
      this.error = -ENOMEM;
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  /** The filesystem is gone: all of it is given back. */
  end(): void {
    if (!this.#ended) this.payer.charge(-this.#bytes, false);
    this.#ended = true;
  }
}
