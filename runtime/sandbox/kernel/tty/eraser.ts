/** Erasing what has been typed in the line: ERASE, WERASE and KILL, and how that looks (man 3 termios, ECHOE, ECHOK, ECHOKE, ECHOPRT). @module */
import {
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHOPRT,
  IUTF8,
  VERASE,
  VKILL,
  VWERASE,
} from "../../../abi/linux/termios.ts";
import { isContinuation, isControl, isWord } from "./characters.ts";
import type { LineDiscipline } from "./line_discipline.ts";

const BS = 8, TAB = 9, LF = 10, SPACE = 32, SLASH = 47, BACKSLASH = 92;

/** See the module's comment. */
export class Eraser {
  /** ECHOPRT has printed its backslash. */
  erasing = false;

  /** Erases in the input of `line`. */
  constructor(readonly line: LineDiscipline) {}

  /** ECHOPRT: what was erased ends here. */
  finish(): void {
    if (!this.erasing) return;
    this.line.echo.raw(SLASH);
    this.erasing = false;
  }

  #continues(byte: number): boolean {
    return isContinuation(byte, this.line.termios.iflag, IUTF8);
  }

  /** Erases as the control character asks for. */
  erase(key: number): void {
    const { input, termios: { lflag, cc } } = this.line;
    if (input.head === input.canonHead) return;
    const kind = key === cc[VERASE] ? VERASE : key === cc[VWERASE] ? VWERASE : VKILL;
    if (kind === VKILL && this.#killAtOnce(cc[VKILL]!)) return;
    let inWord = false;
    while (input.editing) {
      let start = input.head;
      do start--; while (this.#continues(input.at(start)) && input.canonHead !== start);
      const byte = input.at(start);
      if (this.#continues(byte)) break; // a character is not erased in part
      if (kind === VWERASE) {
        if (isWord(byte)) inWord = true;
        else if (inWord) break;
      }
      const end = input.head;
      input.head = start;
      if ((lflag & ECHO) !== 0) this.#show(kind, byte, start, end);
      if (kind === VERASE) break;
    }
    if (input.head === input.canonHead && (lflag & ECHO) !== 0) this.finish();
  }

  /** KILL where the line is not wiped character by character. */
  #killAtOnce(key: number): boolean {
    const { input, echo, termios: { lflag } } = this.line;
    if ((lflag & ECHO) !== 0) {
      const wipes = ECHOK | ECHOKE | ECHOE;
      if ((lflag & wipes) === wipes) return false;
      input.head = input.canonHead;
      this.finish();
      this.line.echoByte(key);
      if ((lflag & ECHOK) !== 0) echo.raw(LF);
    }
    input.head = input.canonHead;
    return true;
  }

  #show(kind: number, byte: number, start: number, end: number): void {
    const { input, echo, termios: { lflag, cc } } = this.line;
    if ((lflag & ECHOPRT) !== 0) {
      if (!this.erasing) echo.raw(BACKSLASH);
      this.erasing = true;
      this.line.echoByte(byte);
      for (let at = start + 1; at < end; at++) {
        echo.raw(input.at(at));
        echo.back();
      }
    } else if (kind === VERASE && (lflag & ECHOE) === 0) this.line.echoByte(cc[VERASE]!);
    else if (byte === TAB) this.#showTab();
    else {
      const columns = !isControl(byte) ? 1 : (lflag & ECHOCTL) !== 0 ? 2 : 0;
      for (let i = 0; i < columns; i++) [BS, SPACE, BS].forEach((each) => echo.raw(each));
    }
  }

  /** Goes back over a tab: counts the columns before it, to the tab before or the start of the line. */
  #showTab(): void {
    const { input, echo, termios: { lflag } } = this.line;
    let columns = 0;
    for (let at = input.head - 1; at >= input.canonHead; at--) {
      const byte = input.at(at);
      if (byte === TAB) return echo.eraseTab(columns, true);
      if (isControl(byte)) columns += (lflag & ECHOCTL) !== 0 ? 2 : 0;
      else if (!this.#continues(byte)) columns++;
    }
    echo.eraseTab(columns, false);
  }
}
