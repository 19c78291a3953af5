/** Filters of system calls (config-linux.md#seccomp). @module */

/** A condition on an argument. */
export interface SeccompArg {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** What it is compared with; the mask of SCMP_CMP_MASKED_EQ. */
  readonly value: bigint;
  /** What the masked argument is compared with. */
  readonly valueTwo: bigint;
  /** "SCMP_CMP_EQ". */
  readonly op: string;
}

/** A rule. */
export interface SeccompRule {
  /** System calls by name. */
  readonly names: readonly string[];
  /** "SCMP_ACT_ERRNO". */
  readonly action: string;
  /** Errno of SCMP_ACT_ERRNO, or number of SCMP_ACT_TRACE; EPERM if absent. */
  readonly errnoRet?: number;
  /** Conditions, all of which must hold. */
  readonly args: readonly SeccompArg[];
}

/** A filter. */
export interface Seccomp {
  /** What happens to a call without a rule. */
  readonly defaultAction: string;
  /** Errno of the default action; EPERM if absent. */
  readonly defaultErrnoRet?: number;
  /** "SCMP_ARCH_X86_64"; empty means the native one. */
  readonly architectures: readonly string[];
  /** "SECCOMP_FILTER_FLAG_LOG"; absent leaves them to the runtime, empty asks for none. */
  readonly flags?: readonly string[];
  /** Socket that gets the descriptor of SCMP_ACT_NOTIFY. */
  readonly listenerPath?: string;
  /** What the socket is told beside it; never without listenerPath. */
  readonly listenerMetadata?: string;
  /** Rules. */
  readonly syscalls: readonly SeccompRule[];
}
