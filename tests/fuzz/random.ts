/**
 * Random tests that can be run again: each round has a seed of its own, which a failure names. UMIAK_FUZZ_SEED and
 * UMIAK_FUZZ_ROUNDS choose others than the usual.
 * @module
 */

/** Numbers that look random, the same for the same seed (xorshift with 32 bits of state). */
export class Random {
  #state: number;

  /** Numbers of a seed. */
  constructor(readonly seed: number) {
    // Neighbouring seeds must not begin alike, and the state must not be 0.
    let mixed = Math.imul(seed ^ seed >>> 16, 0x45d9f3b);
    mixed = Math.imul(mixed ^ mixed >>> 16, 0x45d9f3b);
    this.#state = (mixed ^ mixed >>> 16) >>> 0 || 1;
  }

  /** A whole number of 32 bits. */
  u32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return this.#state = x >>> 0;
  }
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor(this.u32() / 2 ** 32 * n);
  }
  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
  /** Bytes. */
  bytes(n: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
}

const setting = (name: string, usual: number): number => Number(Deno.env.get(name) ?? usual);

/** Registers a test of `rounds` rounds. */
export function fuzz(name: string, rounds: number, run: (random: Random) => void | Promise<void>): void {
  Deno.test(`fuzz: ${name}`, async () => {
    const first = setting("UMIAK_FUZZ_SEED", 1000);
    const end = first + setting("UMIAK_FUZZ_ROUNDS", rounds);
    for (let seed = first; seed < end; seed++) {
      try {
        await run(new Random(seed));
      } catch (error) {
        const again = `UMIAK_FUZZ_SEED=${seed} UMIAK_FUZZ_ROUNDS=1`;
        throw new Error(`seed ${seed} (again with ${again}): ${(error as Error).message}`, { cause: error });
      }
    }
  });
}
