/** Sets of capabilities (man 7 capabilities). @module */
import { CAP_LAST } from "../../abi/linux/capability.ts";

/** An immutable set of capability numbers 0 to 40, in two words like the kernel's. */
export class CapSet {
  /** No capability. */
  static readonly EMPTY: CapSet = new CapSet(0, 0);
  /** Every capability there is. */
  static readonly FULL: CapSet = CapSet.of(Array.from({ length: CAP_LAST + 1 }, (_, i) => i));

  private constructor(readonly low: number, readonly high: number) {}

  /** The set of these numbers. */
  static of(numbers: Iterable<number>): CapSet {
    let low = 0, high = 0;
    for (const n of numbers) {
      if (n < 32) low |= 1 << n;
      else high |= 1 << (n - 32);
    }
    return new CapSet(low, high);
  }

  /** The set of two words, without what no capability has. */
  static ofWords(low: number, high: number): CapSet {
    return new CapSet(low | 0, high & CapSet.FULL.high);
  }

  /** Is `n` in it? */
  has(n: number): boolean {
    return (n < 32 ? this.low >>> n & 1 : this.high >>> (n - 32) & 1) === 1;
  }
  /** What is in either. */
  or(other: CapSet): CapSet {
    return new CapSet(this.low | other.low, this.high | other.high);
  }
  /** What is in both. */
  and(other: CapSet): CapSet {
    return new CapSet(this.low & other.low, this.high & other.high);
  }
  /** What is in this one only. */
  without(other: CapSet): CapSet {
    return new CapSet(this.low & ~other.low, this.high & ~other.high);
  }
  /** Is all of it in `other`? */
  within(other: CapSet): boolean {
    return (this.low & ~other.low) === 0 && (this.high & ~other.high) === 0;
  }
  /** As in /proc/PID/status: 16 hexadecimal digits. */
  toString(): string {
    return (this.high >>> 0).toString(16).padStart(8, "0") + (this.low >>> 0).toString(16).padStart(8, "0");
  }
}
