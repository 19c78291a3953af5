/** Operations of prctl(2) that a container's program uses. @module */

/** Dumpable flag. */
export const PR_SET_DUMPABLE = 4;
/** Keep capabilities across setresuid. */
export const PR_SET_KEEPCAPS = 8;
/** Name of the task. */
export const PR_SET_NAME = 15;
/** Drop from the bounding set. */
export const PR_CAPBSET_DROP = 24;
/** No new privileges by execve. */
export const PR_SET_NO_NEW_PRIVS = 38;
/** Ambient capabilities. */
export const PR_CAP_AMBIENT = 47;
/** Add to the ambient set. */
export const PR_CAP_AMBIENT_RAISE = 2;
/** Empty the ambient set. */
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
