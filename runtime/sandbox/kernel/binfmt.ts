/** Binary formats: what execve can run (like Linux's linux_binfmt). @module */
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { Task } from "./task.ts";

/** A program that is ready to run. */
export interface LoadedImage {
  /** Runs it to its end. The wait status. Never rejects for what the program does. */
  run(): Promise<number>;
}

/** Why a file cannot be run. */
export interface LoadFailure {
  /** Positive errno: ENOEXEC, ENOMEM, EIO. */
  readonly errno: number;
  /** What is wrong with it. */
  readonly message: string;
}

/** One format. */
export interface BinaryFormat {
  /** Its name. */
  readonly name: string;
  /** Does a file that begins with these bytes (256 at most) belong to it? */
  probe(header: Uint8Array): boolean;
  /**
   * Prepares the program in `file` for `task`, whose credentials are already those of after the execve. Calls `commit` once the file is
   * known to be good: what execve closes is closed by that, and the descriptors are the new program's.
   */
  load(
    task: Task,
    file: OpenFile,
    argv: readonly string[],
    envp: readonly string[],
    commit: () => void,
  ): Promise<LoadedImage | LoadFailure>;
}
