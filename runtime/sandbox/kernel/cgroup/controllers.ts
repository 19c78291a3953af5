/** Controllers that there are, in the order in which they are listed. @module */

/** A controller's name. */
export type ControllerName = "cpuset" | "cpu" | "io" | "memory" | "pids";

/** All of them. */
export const CONTROLLERS: readonly ControllerName[] = ["cpuset", "cpu", "io", "memory", "pids"];
/** Those that can divide the tasks of one process: a group with processes of its own may have them enabled for groups below. */
export const THREADED: readonly ControllerName[] = ["cpuset", "cpu", "pids"];
