/** Operations of prctl(2). @module */

/** Signal at the parent's death: set. */
export const PR_SET_PDEATHSIG = 1;
/** Signal at the parent's death: get. */
export const PR_GET_PDEATHSIG = 2;
/** Dumpable flag: get. */
export const PR_GET_DUMPABLE = 3;
/** Dumpable flag: set. */
export const PR_SET_DUMPABLE = 4;
/** Keep capabilities across setresuid: get. */
export const PR_GET_KEEPCAPS = 7;
/** Keep capabilities across setresuid: set. */
export const PR_SET_KEEPCAPS = 8;
/** Name of the task. */
export const PR_SET_NAME = 15;
/** Is a capability in the bounding set? */
export const PR_CAPBSET_READ = 23;
/** Drop from the bounding set. */
export const PR_CAPBSET_DROP = 24;
/** Flags that say what user id 0 means: get. */
export const PR_GET_SECUREBITS = 27;
/** Flags that say what user id 0 means: set. */
export const PR_SET_SECUREBITS = 28;
/** Orphans become children: set. */
export const PR_SET_CHILD_SUBREAPER = 36;
/** Orphans become children: get. */
export const PR_GET_CHILD_SUBREAPER = 37;
/** No new privileges by execve: set. */
export const PR_SET_NO_NEW_PRIVS = 38;
/** No new privileges by execve: get. */
export const PR_GET_NO_NEW_PRIVS = 39;
/** Ambient capabilities. */
export const PR_CAP_AMBIENT = 47;
/** Is it in the ambient set? */
export const PR_CAP_AMBIENT_IS_SET = 1;
/** Add to the ambient set. */
export const PR_CAP_AMBIENT_RAISE = 2;
/** Take from the ambient set. */
export const PR_CAP_AMBIENT_LOWER = 3;
/** Empty the ambient set. */
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
