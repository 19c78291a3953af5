/** Terminal attributes (man 3 termios): bits, control characters and structures of asm-generic/termbits.h. @module */

/** Strip the eighth bit. */
export const ISTRIP = 0o40;
/** Parity errors (here: byte 0377) are marked. */
export const PARMRK = 0o10;
/** Newline to carriage return on input. */
export const INLCR = 0o100;
/** Ignore carriage return on input. */
export const IGNCR = 0o200;
/** Carriage return to newline on input. */
export const ICRNL = 0o400;
/** Upper case to lower case on input. */
export const IUCLC = 0o1000;
/** START and STOP control the output. */
export const IXON = 0o2000;
/** Any character restarts the output. */
export const IXANY = 0o4000;
/** STOP is sent when the input is full: a matter of serial lines, without effect on a pty. */
export const IXOFF = 0o10000;
/** Bell when the input is full: "Linux does not implement this bit" (man 3 termios). */
export const IMAXBEL = 0o20000;
/** Input is UTF-8: erasing takes whole characters. */
export const IUTF8 = 0o40000;

/** Process output. */
export const OPOST = 0o1;
/** Lower case to upper case on output. */
export const OLCUC = 0o2;
/** Newline to carriage return and newline. */
export const ONLCR = 0o4;
/** Carriage return to newline. */
export const OCRNL = 0o10;
/** No carriage return at column 0. */
export const ONOCR = 0o20;
/** Newline does what carriage return does. */
export const ONLRET = 0o40;
/** Mask of tab delays. */
export const TABDLY = 0o14000;
/** Tabs to spaces. */
export const XTABS = 0o14000;

/** INTR, QUIT and SUSP make signals. */
export const ISIG = 0o1;
/** Lines with editing. */
export const ICANON = 0o2;
/** Echo input. */
export const ECHO = 0o10;
/** ERASE and WERASE wipe what they erase. */
export const ECHOE = 0o20;
/** KILL echoes a newline. */
export const ECHOK = 0o40;
/** Newline is echoed even without ECHO. */
export const ECHONL = 0o100;
/** No flush at INTR, QUIT and SUSP. */
export const NOFLSH = 0o200;
/** Writing from the background stops the writer. */
export const TOSTOP = 0o400;
/** Control characters are echoed as ^X. */
export const ECHOCTL = 0o1000;
/** Erased characters are printed between \ and /. */
export const ECHOPRT = 0o2000;
/** KILL wipes the line. */
export const ECHOKE = 0o4000;
/** WERASE, LNEXT, REPRINT and EOL2 work. */
export const IEXTEN = 0o100000;
/** Somebody outside does the line editing. */
export const EXTPROC = 0o200000;

/** c_cflag: mask of the character size. */
export const CSIZE = 0o60;
/** c_cflag: eight bits. */
export const CS8 = 0o60;
/** c_cflag: the receiver is on. */
export const CREAD = 0o200;
/** c_cflag: parity. */
export const PARENB = 0o400;
/** c_cflag: 38400 baud. */
export const B38400 = 0o17;

/** Indices of c_cc: VINTR. */
export const VINTR = 0;
/** VQUIT. */
export const VQUIT = 1;
/** VERASE. */
export const VERASE = 2;
/** VKILL. */
export const VKILL = 3;
/** VEOF. */
export const VEOF = 4;
/** VTIME. */
export const VTIME = 5;
/** VMIN. */
export const VMIN = 6;
/** VSTART. */
export const VSTART = 8;
/** VSTOP. */
export const VSTOP = 9;
/** VSUSP. */
export const VSUSP = 10;
/** VEOL. */
export const VEOL = 11;
/** VREPRINT. */
export const VREPRINT = 12;
/** VDISCARD: has no effect on Linux. */
export const VDISCARD = 13;
/** VWERASE. */
export const VWERASE = 14;
/** VLNEXT. */
export const VLNEXT = 15;
/** VEOL2. */
export const VEOL2 = 16;
/** Number of control characters. */
export const NCCS = 19;
/** A control character that is off (_POSIX_VDISABLE). */
export const DISABLED = 0;

/** struct termios of TCGETS. */
export interface Termios {
  /** Input modes. */
  readonly iflag: number;
  /** Output modes. */
  readonly oflag: number;
  /** Control modes. */
  readonly cflag: number;
  /** Local modes. */
  readonly lflag: number;
  /** Control characters, NCCS of them. */
  readonly cc: readonly number[];
}

/** struct winsize. */
export interface Winsize {
  /** Lines. */
  readonly rows: number;
  /** Characters in a line. */
  readonly cols: number;
  /** Pixels across. */
  readonly xpixel: number;
  /** Pixels down. */
  readonly ypixel: number;
}

/** What a new pty has (tty_std_termios). */
export const STANDARD_TERMIOS: Termios = {
  iflag: ICRNL | IXON,
  oflag: OPOST | ONLCR,
  cflag: B38400 | CS8 | CREAD,
  lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
  cc: [3, 0o34, 0o177, 0o25, 4, 0, 1, 0, 0o21, 0o23, 0o32, 0, 0o22, 0o17, 0o27, 0o26, 0, 0, 0],
};

/** What cfmakeraw(3) makes of it. */
export function rawTermios(from: Termios): Termios {
  return {
    iflag: from.iflag & ~(0o1 | 0o2 | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON),
    oflag: from.oflag & ~OPOST,
    cflag: from.cflag & ~(CSIZE | PARENB) | CS8,
    lflag: from.lflag & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN),
    cc: from.cc.map((c, i) => i === VMIN ? 1 : i === VTIME ? 0 : c),
  };
}

/** Bytes of struct termios as the kernel has it. */
export const TERMIOS_SIZE = 36;
/** Bytes of struct winsize. */
export const WINSIZE_SIZE = 8;

/** Reads a struct termios at the start of `bytes`. */
export function decodeTermios(bytes: Uint8Array): Termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TERMIOS_SIZE);
  return {
    iflag: view.getUint32(0, true),
    oflag: view.getUint32(4, true),
    cflag: view.getUint32(8, true),
    lflag: view.getUint32(12, true),
    cc: [...bytes.slice(17, 17 + NCCS)],
  };
}

/** Writes a struct termios at the start of `bytes`. */
export function encodeTermios(termios: Termios, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TERMIOS_SIZE);
  view.setUint32(0, termios.iflag, true);
  view.setUint32(4, termios.oflag, true);
  view.setUint32(8, termios.cflag, true);
  view.setUint32(12, termios.lflag, true);
  bytes[16] = 0;
  bytes.set(termios.cc.slice(0, NCCS), 17);
}

/** Reads a struct winsize. */
export function decodeWinsize(bytes: Uint8Array): Winsize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, WINSIZE_SIZE);
  const at = (i: number): number => view.getUint16(i * 2, true);
  return { rows: at(0), cols: at(1), xpixel: at(2), ypixel: at(3) };
}

/** Writes a struct winsize. */
export function encodeWinsize({ rows, cols, xpixel, ypixel }: Winsize, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, WINSIZE_SIZE);
  [rows, cols, xpixel, ypixel].forEach((n, i) => view.setUint16(i * 2, n, true));
}
