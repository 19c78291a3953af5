/** Cases of conformance: data that every runtime runs the same way. Placeholders in texts: see bundle.ts. @module */

/**
 * How a value of a report is compared. `differs` and `is` also take "$host.…": what the runtime itself has. `files`: of an object by paths, what
 * belongs to those that end with the given names.
 */
export type Operator =
  | "is"
  | "differs"
  | "has"
  | "lacks"
  | "matches"
  | "files"
  | "atLeast"
  | "atMost"
  | "absent"
  | "present";

/** A path into a report ("mounts./tmp.options": keys and indices, none of which has a dot), what to do with what is there, and with what. */
export type Expectation = readonly [path: string, operator: Operator, value?: unknown];

/** One step of a script. Each is an operation of runtime.md, or looks at what has come of it. */
export type Step =
  /** An operation; with `fails` it MUST generate an error. `expect` is about the JSON it prints. */
  | {
    readonly verb:
      | "create"
      | "start"
      | "state"
      | "kill"
      | "delete"
      | "run"
      | "exec"
      | "pause"
      | "resume"
      | "update";
    /** Words before the id, and after it. */
    readonly options?: readonly string[];
    readonly args?: readonly string[];
    /** Which container: a suffix of the id. */
    readonly of?: string;
    readonly fails?: boolean;
    readonly expect?: readonly Expectation[];
    /** The exit code. */
    readonly code?: number;
  }
  /** Waits until the container has a status. */
  | { readonly until: string }
  /** A file of the case's directory: `text`, `lines`, `json` (each line, parsed). */
  | { readonly file: string; readonly expect: readonly Expectation[] }
  /** What the container has written: the probe's report. */
  | { readonly report: readonly Expectation[] }
  /** Changes config.json after it has been read. */
  | { readonly change: Json };

/** A JSON object. */
export type Json = { readonly [key: string]: unknown };

/** What a case makes of the root filesystem: directories (null), files (text), links ({ link }). */
export type Rootfs = Readonly<Record<string, null | string | { readonly link: string }>>;

/** See the module's comment. */
export interface Case {
  /** What is promised. */
  readonly name: string;
  /** Where: file, section, and the words ("config.md#root: If true then …"). */
  readonly spec: string;
  /** A change of the base configuration (RFC 7386: objects are merged, null removes, all else replaces). */
  readonly config?: Json;
  /** Items added to lists of it, by the path of the list. */
  readonly add?: Readonly<Record<string, readonly unknown[]>>;
  /** The whole text of config.json, for what is not even JSON. */
  readonly text?: string;
  /** Arguments of the probe. */
  readonly probe?: readonly string[];
  /** Files in the root filesystem beside the probe. */
  readonly rootfs?: Rootfs;
  /** Files beside the root filesystem, in the bundle. */
  readonly bundle?: Rootfs;
  /** What the report must say. */
  readonly expect?: readonly Expectation[];
  /** create must fail and leave nothing; "start": the program cannot be run. */
  readonly fails?: "create" | "start";
  /** The specification lets the runtime refuse it. */
  readonly mayFail?: boolean;
  /** Operations in place of one run. */
  readonly steps?: readonly Step[];
  /** The container is hosted by a process of its own even where it could be in the test's. */
  readonly process?: boolean;
  /** What the machine must have. */
  readonly needs?: readonly Need[];
}

/** What a case may need of a machine that runs it on its own kernel. */
export type Need = "cgroup2" | "cpuset" | "ioWeight" | "sda" | "apparmor" | "selinux" | "resctrl" | "numa";

/** Cases about one part of config.json. */
export interface Subject {
  /** The part. */
  readonly subject: string;
  /** Its cases. */
  readonly cases: readonly Case[];
}

/** What came of a case on a runtime. */
export type Result =
  | { readonly outcome: "pass" }
  | { readonly outcome: "fail"; readonly why: string }
  | { readonly outcome: "skip"; readonly why: string };
