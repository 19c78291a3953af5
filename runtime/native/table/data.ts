/** The bytes behind a table: strings, structures and buffers, and which of their words are addresses. @module */
import { nameToBytes } from "../../../fs/abi/name.ts";
import type { Bytes, Place, Pointers } from "./types.ts";

/** Where bytes are, from the beginning of the data. */
const ALIGNMENT = 8;

/** An address in the data, to be known when it is placed: what is there is the distance from the data's beginning. */
export interface Relocation {
  /** Where. */
  readonly at: number;
  /** Distance. */
  readonly to: number;
}

/** See the module's comment. */
export class Data {
  readonly #parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  readonly #strings = new Map<string, number>();
  readonly #places = new Map<string, number>();
  readonly #pending: { readonly at: number; readonly place: Place }[] = [];
  readonly #relocations: Relocation[] = [];
  #size = 0;

  /** Adds bytes; where they begin. */
  add(bytes: Uint8Array): number {
    const at = this.#size;
    this.#parts.push({ at, bytes });
    this.#size += (bytes.length + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    return at;
  }

  /** A string with its end; equal ones are one. */
  string(text: string): number {
    let at = this.#strings.get(text);
    if (at === undefined) {
      if (text.includes("\0")) throw new Error(`${JSON.stringify(text)} has a NUL character in it`);
      at = this.add(nameToBytes(`${text}\0`));
      this.#strings.set(text, at);
    }
    return at;
  }

  /** A list of strings that ends with NULL. */
  strings(texts: readonly string[]): number {
    const at = this.add(new Uint8Array(8 * (texts.length + 1)));
    texts.forEach((text, i) => this.#relocations.push({ at: at + 8 * i, to: this.string(text) }));
    return at;
  }

  /** Bytes by their name, or new ones. */
  bytes({ bytes, name }: Bytes): number {
    if (name === undefined) return this.add(bytes);
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const at = this.add(bytes);
    this.#places.set(name, at);
    return at;
  }

  /** A structure with addresses. */
  pointers({ struct, pointers, name }: Pointers): number {
    const at = this.bytes(name === undefined ? { bytes: struct } : { bytes: struct, name });
    for (const [offset, to] of pointers) {
      if ("place" in to) this.#pending.push({ at: at + offset, place: to });
      else this.#relocations.push({ at: at + offset, to: this.bytes(to) });
    }
    return at;
  }

  /** Where a named place is. Throws if there is none. */
  place({ place, plus = 0 }: Place): number {
    const at = this.#places.get(place);
    if (at === undefined) throw new TypeError(`table: no bytes are named ${place}`);
    return at + plus;
  }

  /** All bytes, and the addresses in them. */
  finish(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly relocations: readonly Relocation[] } {
    for (const { at, place } of this.#pending) this.#relocations.push({ at, to: this.place(place) });
    this.#pending.length = 0;
    const bytes = new Uint8Array(this.#size);
    for (const part of this.#parts) bytes.set(part.bytes, part.at);
    return { bytes, relocations: this.#relocations };
  }
}
