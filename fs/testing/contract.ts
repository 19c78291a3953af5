/**
 * What every writable filesystem does: one suite, run against each of them. It uses nothing but the VFS, so whoever writes a filesystem
 * can run it too, with any test runner.
 * @module
 */
import type { SuperBlock } from "../vfs/inode.ts";
import { attributeCases } from "./contract_attributes.ts";
import { contentCases } from "./contract_content.ts";
import { directoryCases } from "./contract_directories.ts";
import { renameCases } from "./contract_rename.ts";
import { testCaller } from "./caller.ts";
import { Files } from "./files.ts";

/** What a filesystem cannot do, because what is below it cannot. */
export interface ContractLimits {
  /** No FIFOs and device nodes. */
  readonly noSpecialFiles?: boolean;
  /** No extended attributes. */
  readonly noXattrs?: boolean;
  /** No owners other than the host's user. */
  readonly noOwners?: boolean;
  /** Times are whole milliseconds. */
  readonly millisecondTimes?: boolean;
  /** Attributes of symbolic links cannot be changed. */
  readonly noLinkTimes?: boolean;
  /** No O_TMPFILE. */
  readonly noTmpfile?: boolean;
  /** RENAME_EXCHANGE is EINVAL. */
  readonly noExchange?: boolean;
  /** Names that are not UTF-8 cannot be made. */
  readonly utf8Names?: boolean;
  /** Positions in a listing are those of a snapshot. */
  readonly snapshotListing?: boolean;
}

/** A fresh filesystem, empty or not. */
export interface Fixture {
  /** The filesystem. */
  readonly sb: SuperBlock;
  /** Gives back what it holds. */
  readonly close?: () => void | Promise<void>;
}

/** A case: a name, and what it does with an empty directory /t of a fresh filesystem. */
export interface ContractCase {
  /** What it shows. */
  readonly name: string;
  /** It does not apply where this is true. */
  readonly unless?: keyof ContractLimits;
  /** Throws if it does not hold. */
  readonly run: (files: Files) => void;
}

/** Registers a test. */
export type Register = (name: string, run: () => Promise<void>) => void;

/** All cases. */
export const CASES: readonly ContractCase[] = [
  ...contentCases,
  ...directoryCases,
  ...renameCases,
  ...attributeCases,
];

/** Registers every case that applies to a filesystem; `make` gives a fresh one each time, in which "/t" does not exist. */
export function contract(
  register: Register,
  name: string,
  make: () => Promise<Fixture>,
  limits: ContractLimits = {},
): void {
  for (const each of CASES) {
    if (each.unless !== undefined && limits[each.unless]) continue;
    register(`${name}: ${each.name}`, async () => {
      const { sb, close } = await make();
      try {
        const files = new Files(testCaller(sb));
        if (files.mkdir("/t") !== 0) throw new Error("making /t failed");
        each.run(files);
      } finally {
        await close?.();
      }
    });
  }
}
