/** What `umiak doctor` finds, and the facts it judges. @module */
import type { Failure, LinuxFacts } from "../../native/probe/facts.ts";
import type { BackendName } from "../options.ts";

/** A directory that umiak keeps things in. */
export interface DirectoryFacts {
  /** Where it is. */
  readonly path: string;
  /** It is there already. */
  readonly exists: boolean;
  /** Why it cannot be made, written in, or locked. */
  readonly failure: Failure;
  /** Bytes that are free; undefined if that cannot be told. */
  readonly free: number | undefined;
  /** Entries that are not what they must be, each with the reason; reading them could fail or never end. */
  readonly broken: readonly string[];
}

/** What has been found out about a machine. */
export interface HostFacts {
  /** Deno.build.os. */
  readonly os: string;
  /** Deno.build.arch. */
  readonly architecture: string;
  /** Why WebAssembly cannot wait for promises (JSPI). */
  readonly jspi: Failure;
  /** Where images are. */
  readonly store: DirectoryFacts;
  /** Where the records of containers are; undefined if there is no place for them. */
  readonly state: DirectoryFacts | undefined;
  /** Of Linux only. */
  readonly linux: LinuxFacts | undefined;
  /** Why an ordinary user's containers have one id; undefined if they have several, and for root. */
  readonly oneId: Failure;
}

/** How a finding is: all is there; something is not, and umiak does without; the kernel it is about does not work. */
export type FindingState = "ok" | "limited" | "broken";

/** Something that a machine can do or cannot. */
export interface Finding {
  /** What it is about: "kernel", "cgroups" … */
  readonly about: string;
  /** Which of the two kernels wants it. */
  readonly kernel: BackendName | "both";
  /** How it is. */
  readonly state: FindingState;
  /** What has been found. */
  readonly found: string;
  /** What umiak does about it. */
  readonly effect: string;
}

/** If a kernel can be used on a machine. */
export interface KernelReport {
  /** It can. */
  readonly works: boolean;
  /** Why it cannot; with `works` what it does without. */
  readonly reasons: readonly string[];
}

/** What `umiak doctor --json` prints. Fields may be added; those that are there keep their meaning while `version` is 1. */
export interface DoctorReport {
  /** Of this shape. */
  readonly version: 1;
  /** The machine. */
  readonly host: {
    /** "linux", "darwin", "windows". */
    readonly os: string;
    /** "x86_64", "aarch64". */
    readonly architecture: string;
    /** The kernel's version; on Linux only. */
    readonly release?: string;
    /** This process is root; on Linux only. */
    readonly root?: boolean;
  };
  /** Both kernels. */
  readonly kernels: Readonly<Record<BackendName, KernelReport>>;
  /** In an order for people. */
  readonly findings: readonly Finding[];
}
