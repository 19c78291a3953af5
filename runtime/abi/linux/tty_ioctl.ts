/** Requests of ioctl(2) on terminals (man 2 ioctl_tty, man 4 pts), by their numbers. @module */

/** The requests by name. */
export const TTY_IOCTL = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCSBRK: 0x5409,
  TCXONC: 0x540a,
  TCFLSH: 0x540b,
  TIOCEXCL: 0x540c,
  TIOCNXCL: 0x540d,
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCOUTQ: 0x5411,
  TIOCSTI: 0x5412,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  FIONREAD: 0x541b,
  TIOCPKT: 0x5420,
  TIOCNOTTY: 0x5422,
  TIOCGETD: 0x5424,
  TCSBRKP: 0x5425,
  TIOCGSID: 0x5429,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  TIOCSIG: 0x40045436,
  TIOCVHANGUP: 0x5437,
  TIOCGPKT: 0x80045438,
  TIOCGPTLCK: 0x80045439,
  TIOCGEXCL: 0x80045440,
  TIOCGPTPEER: 0x5441,
} as const;

/** TCXONC: suspend output. */
export const TCOOFF = 0;
/** TCXONC: restart output. */
export const TCOON = 1;
/** TCXONC: send STOP. */
export const TCIOFF = 2;
/** TCXONC: send START. */
export const TCION = 3;

/** TCFLSH: input that has not been read. */
export const TCIFLUSH = 0;
/** TCFLSH: output that has not been sent. */
export const TCOFLUSH = 1;
/** TCFLSH: both. */
export const TCIOFLUSH = 2;

/** Packet mode: what follows is data. */
export const TIOCPKT_DATA = 0;
/** Packet mode: input was flushed. */
export const TIOCPKT_FLUSHREAD = 1;
/** Packet mode: output was flushed. */
export const TIOCPKT_FLUSHWRITE = 2;
/** Packet mode: output is stopped. */
export const TIOCPKT_STOP = 4;
/** Packet mode: output goes on. */
export const TIOCPKT_START = 8;
/** Packet mode: START and STOP are not ^Q and ^S, or IXON is off. */
export const TIOCPKT_NOSTOP = 16;
/** Packet mode: START and STOP are ^Q and ^S. */
export const TIOCPKT_DOSTOP = 32;
/** Packet mode: EXTPROC is or was on. */
export const TIOCPKT_IOCTL = 64;
