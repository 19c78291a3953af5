/** This process's own terminal in raw mode: everything is left to the terminal behind it (man 3 cfmakeraw). @module */
import * as t from "../../abi/linux/termios.ts";
import { TTY_IOCTL } from "../../abi/linux/tty_ioctl.ts";
import { sys } from "../ffi/kernel.ts";

/** struct termios of the kernel: four words of flags, the line discipline, and the control characters. */
const TERMIOS_SIZE = 36;
const IFLAG = 0, OFLAG = 4, CFLAG = 8, LFLAG = 12;
/** Ignore breaks, or have them interrupt (asm-generic/termbits-common.h). */
const IGNBRK = 1, BRKINT = 2;

/** Sets the terminal on a descriptor raw. What sets it back; undefined if there is none. */
export function setRaw(fd: number): (() => void) | undefined {
  const old = new Uint8Array(TERMIOS_SIZE);
  if (sys("ioctl", fd, TTY_IOCTL.TCGETS, old) < 0) return undefined;
  const raw = old.slice(), view = new DataView(raw.buffer);
  const clear = (at: number, bits: number): void =>
    view.setUint32(at, view.getUint32(at, true) & ~bits, true);
  clear(IFLAG, IGNBRK | BRKINT | t.PARMRK | t.ISTRIP | t.INLCR | t.IGNCR | t.ICRNL | t.IXON);
  clear(OFLAG, t.OPOST);
  clear(CFLAG, t.CSIZE | t.PARENB);
  clear(LFLAG, t.ECHO | t.ECHONL | t.ICANON | t.ISIG | t.IEXTEN);
  view.setUint32(CFLAG, view.getUint32(CFLAG, true) | t.CS8, true);
  sys("ioctl", fd, TTY_IOCTL.TCSETS, raw);
  return () => void sys("ioctl", fd, TTY_IOCTL.TCSETS, old);
}
