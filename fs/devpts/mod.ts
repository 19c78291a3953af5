/** The directories of pseudo-terminals (man 4 pts; Documentation/filesystems/devpts). Whoever drives terminals fills them. @module */
export type { DevptsOptions } from "./options.ts";
export { DeviceNode, DevptsSuper, devptsType, PtsNode } from "./devpts.ts";
