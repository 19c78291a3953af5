/** Sets of signals (man 7 signal, man 3 sigsetops). @module */

/** An immutable set of the signals 1 to 64, in two words like the kernel's. */
export class SigSet {
  /** No signal. */
  static readonly EMPTY: SigSet = new SigSet(0, 0);
  /** Every signal. */
  static readonly FULL: SigSet = new SigSet(-1, -1);

  /** The set of two words: bit n - 1 is signal n. */
  constructor(readonly low: number, readonly high: number) {}

  /** The set of these signals. */
  static of(...signals: readonly number[]): SigSet {
    let low = 0, high = 0;
    for (const n of signals) {
      if (n <= 32) low |= 1 << (n - 1);
      else high |= 1 << (n - 33);
    }
    return new SigSet(low, high);
  }

  /** Is `signal` in it? */
  has(signal: number): boolean {
    return ((signal <= 32 ? this.low >>> (signal - 1) : this.high >>> (signal - 33)) & 1) === 1;
  }
  /** True for a set without signals. */
  get isEmpty(): boolean {
    return (this.low | this.high) === 0;
  }
  /** What is in either. */
  or(other: SigSet): SigSet {
    return new SigSet(this.low | other.low, this.high | other.high);
  }
  /** What is in this one only. */
  without(other: SigSet): SigSet {
    return new SigSet(this.low & ~other.low, this.high & ~other.high);
  }
  /** As in /proc/PID/status: 16 hexadecimal digits. */
  toString(): string {
    return (this.high >>> 0).toString(16).padStart(8, "0") + (this.low >>> 0).toString(16).padStart(8, "0");
  }
}
