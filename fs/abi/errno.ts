/**
 * Linux error numbers (asm-generic/errno-base.h and errno.h: the same on x86_64 and aarch64).
 * Filesystem, kernel and personality functions return them negated: `return -ENOENT`.
 * @module
 */

/** Every errno the kernel can return, by name. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  ENOTBLK: 15,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  EDOM: 33,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENOMSG: 42,
  EIDRM: 43,
  ENODATA: 61,
  ETIME: 62,
  ENOLINK: 67,
  EPROTO: 71,
  EBADMSG: 74,
  EOVERFLOW: 75,
  EILSEQ: 84,
  EUSERS: 87,
  ENOTSOCK: 88,
  EDESTADDRREQ: 89,
  EMSGSIZE: 90,
  EPROTOTYPE: 91,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  ESOCKTNOSUPPORT: 94,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENETRESET: 102,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  EISCONN: 106,
  ENOTCONN: 107,
  ETOOMANYREFS: 109,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
  ESTALE: 116,
  EDQUOT: 122,
  ECANCELED: 125,
  EOWNERDEAD: 130,
  ENOTRECOVERABLE: 131,
} as const;

/** The name of an errno. */
export type ErrnoName = keyof typeof ERRNO;

/** EPERM */
export const EPERM = 1;
/** ENOENT */
export const ENOENT = 2;
/** ESRCH */
export const ESRCH = 3;
/** EINTR */
export const EINTR = 4;
/** EIO */
export const EIO = 5;
/** ENXIO */
export const ENXIO = 6;
/** E2BIG */
export const E2BIG = 7;
/** ENOEXEC */
export const ENOEXEC = 8;
/** EBADF */
export const EBADF = 9;
/** ECHILD */
export const ECHILD = 10;
/** EAGAIN */
export const EAGAIN = 11;
/** ENOMEM */
export const ENOMEM = 12;
/** EACCES */
export const EACCES = 13;
/** EFAULT */
export const EFAULT = 14;
/** ENOTBLK */
export const ENOTBLK = 15;
/** EBUSY */
export const EBUSY = 16;
/** EEXIST */
export const EEXIST = 17;
/** EXDEV */
export const EXDEV = 18;
/** ENODEV */
export const ENODEV = 19;
/** ENOTDIR */
export const ENOTDIR = 20;
/** EISDIR */
export const EISDIR = 21;
/** EINVAL */
export const EINVAL = 22;
/** ENFILE */
export const ENFILE = 23;
/** EMFILE */
export const EMFILE = 24;
/** ENOTTY */
export const ENOTTY = 25;
/** ETXTBSY */
export const ETXTBSY = 26;
/** EFBIG */
export const EFBIG = 27;
/** ENOSPC */
export const ENOSPC = 28;
/** ESPIPE */
export const ESPIPE = 29;
/** EROFS */
export const EROFS = 30;
/** EMLINK */
export const EMLINK = 31;
/** EPIPE */
export const EPIPE = 32;
/** EDOM */
export const EDOM = 33;
/** ERANGE */
export const ERANGE = 34;
/** EDEADLK */
export const EDEADLK = 35;
/** ENAMETOOLONG */
export const ENAMETOOLONG = 36;
/** ENOLCK */
export const ENOLCK = 37;
/** ENOSYS */
export const ENOSYS = 38;
/** ENOTEMPTY */
export const ENOTEMPTY = 39;
/** ELOOP */
export const ELOOP = 40;
/** ENOMSG */
export const ENOMSG = 42;
/** EIDRM */
export const EIDRM = 43;
/** ENODATA */
export const ENODATA = 61;
/** ETIME */
export const ETIME = 62;
/** ENOLINK */
export const ENOLINK = 67;
/** EPROTO */
export const EPROTO = 71;
/** EBADMSG */
export const EBADMSG = 74;
/** EOVERFLOW */
export const EOVERFLOW = 75;
/** EILSEQ */
export const EILSEQ = 84;
/** EUSERS */
export const EUSERS = 87;
/** ENOTSOCK */
export const ENOTSOCK = 88;
/** EDESTADDRREQ */
export const EDESTADDRREQ = 89;
/** EMSGSIZE */
export const EMSGSIZE = 90;
/** EPROTOTYPE */
export const EPROTOTYPE = 91;
/** ENOPROTOOPT */
export const ENOPROTOOPT = 92;
/** EPROTONOSUPPORT */
export const EPROTONOSUPPORT = 93;
/** ESOCKTNOSUPPORT */
export const ESOCKTNOSUPPORT = 94;
/** EOPNOTSUPP */
export const EOPNOTSUPP = 95;
/** EAFNOSUPPORT */
export const EAFNOSUPPORT = 97;
/** EADDRINUSE */
export const EADDRINUSE = 98;
/** EADDRNOTAVAIL */
export const EADDRNOTAVAIL = 99;
/** ENETDOWN */
export const ENETDOWN = 100;
/** ENETUNREACH */
export const ENETUNREACH = 101;
/** ENETRESET */
export const ENETRESET = 102;
/** ECONNABORTED */
export const ECONNABORTED = 103;
/** ECONNRESET */
export const ECONNRESET = 104;
/** ENOBUFS */
export const ENOBUFS = 105;
/** EISCONN */
export const EISCONN = 106;
/** ENOTCONN */
export const ENOTCONN = 107;
/** ETOOMANYREFS */
export const ETOOMANYREFS = 109;
/** ETIMEDOUT */
export const ETIMEDOUT = 110;
/** ECONNREFUSED */
export const ECONNREFUSED = 111;
/** EHOSTUNREACH */
export const EHOSTUNREACH = 113;
/** EALREADY */
export const EALREADY = 114;
/** EINPROGRESS */
export const EINPROGRESS = 115;
/** ESTALE */
export const ESTALE = 116;
/** EDQUOT */
export const EDQUOT = 122;
/** ECANCELED */
export const ECANCELED = 125;
/** EOWNERDEAD */
export const EOWNERDEAD = 130;
/** ENOTRECOVERABLE */
export const ENOTRECOVERABLE = 131;
/** Same number as EAGAIN on Linux. */
export const EWOULDBLOCK: number = EAGAIN;
/** Same number as EOPNOTSUPP on Linux. */
export const ENOTSUP: number = EOPNOTSUPP;

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, value]) => [value, name]));

/** The name of an errno, given with either sign: `errnoName(-2)` is `"ENOENT"`. */
export function errnoName(errno: number): string {
  const value = Math.abs(errno);
  return NAMES.get(value) ?? `errno ${value}`;
}
