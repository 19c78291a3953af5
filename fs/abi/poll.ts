/** Event bits of poll(2). @module */

/** Data to read. */
export const POLLIN = 0x001;
/** Urgent data. */
export const POLLPRI = 0x002;
/** Room to write. */
export const POLLOUT = 0x004;
/** Error (always reported). */
export const POLLERR = 0x008;
/** The other end is closed (always reported). */
export const POLLHUP = 0x010;
/** Not an open descriptor. */
export const POLLNVAL = 0x020;
/** The peer closed its writing half. */
export const POLLRDHUP = 0x2000;
