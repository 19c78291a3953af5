/** Linux's numbers and structures that filesystems and kernels share; imports nothing. @module */
export * from "./errno.ts";
export * from "./mode.ts";
export * from "./open.ts";
export * from "./limits.ts";
export * from "./stat.ts";
export * from "./device.ts";
export * from "./poll.ts";
export * from "./mount.ts";
export * from "./xattr.ts";
export * from "./name.ts";
