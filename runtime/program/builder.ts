/** Writing a program: steps, result names and labels that do not clash. @module */
import { O_CLOEXEC, O_DIRECTORY, O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from "../../fs/abi/open.ts";
import { EEXIST } from "../../fs/abi/errno.ts";
import type { Arg, CallStep, Ref, Step, SyscallName } from "./types.ts";

/** Details of a call. */
export interface CallOptions {
  /** Keep the result under a fresh name that begins with this. */
  readonly keep?: string;
  /** Errnos that count as success. */
  readonly ok?: readonly number[];
  /** Where to go on when it fails. */
  readonly onError?: string;
  /** The only errnos with which it goes on there. */
  readonly errors?: readonly number[];
  /** The rule that asks for it. */
  readonly spec?: string;
}

/** See the module's comment. */
export class ProgramBuilder {
  /** The steps so far. */
  readonly steps: Step[] = [];
  #names = 0;

  /** Steps whose names begin with `prefix`, where several lists of steps are one program. */
  constructor(readonly prefix = "") {}

  /** Adds a call; with `keep` its result can be used through the returned reference. */
  call(name: SyscallName, args: readonly Arg[], what: string, options: CallOptions = {}): Ref {
    const { keep, ...rest } = options;
    const result = keep === undefined ? undefined : `${this.prefix}${keep}${++this.#names}`;
    const step: CallStep = { call: name, args, what, ...rest, ...(result === undefined ? {} : { result }) };
    this.steps.push(step);
    return { ref: result ?? "" };
  }

  /** A fresh label. */
  newLabel(name: string): string {
    return `${name}${++this.#names}`;
  }
  /** Places a label here. */
  label(label: string): void {
    this.steps.push({ label });
  }
  /** Goes on at a label. */
  jump(label: string): void {
    this.steps.push({ jump: label });
  }

  /** Opens a place below a directory as it stands in the container: links resolve inside it, magic links not at all. */
  openIn(root: Ref, path: string, flags: number, what: string, options: CallOptions = {}): Ref {
    const how = { flags: flags | O_CLOEXEC, mode: 0, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    return this.call("openat2", [root, path === "" ? "." : path, how], what, { keep: "fd", ...options });
  }

  /** A descriptor of the directory `path` below `root`, made with its parents where it is missing. */
  directory(root: Ref, path: string, what: string): Ref {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    const place = this.newLabel("place"), make = this.newLabel("make");
    const name = `fd${++this.#names}`;
    const flags = O_PATH | O_DIRECTORY;
    const open = (upTo: number, onError?: string): void => {
      const how = { flags: flags | O_CLOEXEC, mode: 0, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
      const at = parts.slice(0, upTo).join("/") || ".";
      this.steps.push({
        call: "openat2",
        args: [root, at, how],
        result: name,
        what: `${what}: opening /${at === "." ? "" : at}`,
        ...(onError === undefined ? {} : { onError }),
      });
    };
    open(parts.length, make);
    this.jump(place);
    this.label(make);
    open(0);
    parts.forEach((part, i) => {
      this.call(
        "mkdirat",
        [{ ref: name }, part, 0o755],
        `${what}: making /${parts.slice(0, i + 1).join("/")}`,
        { ok: [EEXIST] },
      );
      open(i + 1);
    });
    this.label(place);
    return { ref: name };
  }
}
