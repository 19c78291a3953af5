/** Linux numbers that specs, programs and kernels share. @module */
export * from "./signal.ts";
export * from "./wait_status.ts";
export * from "./capability.ts";
export * from "./clone.ts";
export * from "./rlimit.ts";
export * from "./prctl.ts";
export * from "./sched.ts";
export * from "./seccomp.ts";
