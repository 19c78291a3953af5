/** A module being changed: sections are replaced or get more items; everything else is copied as it is. @module */
import { WasmReader } from "./reader.ts";
import { HEADER_SIZE, SECTION, type Section, SECTION_ORDER, sectionsOf } from "./sections.ts";
import { WasmWriter } from "./writer.ts";

/** Encoded bytes of one item. */
export type Item = ArrayLike<number>;

/** Bytes of an unsigned number. */
export function leb(value: number): readonly number[] {
  const w = new WasmWriter(8);
  w.leb(value);
  return [...w.view()];
}

/** An export. `kind` is one of KIND. */
export function exportItem(name: string, kind: number, index: number): Item {
  const w = new WasmWriter(32);
  w.name(name);
  w.u8(kind);
  w.leb(index);
  return w.view();
}

/** See the module's comment. The order of changes does not matter: readers see the module as it was. */
export class ModuleEditor {
  readonly #sections: readonly Section[];
  readonly #byId: Map<number, Section> = new Map();
  readonly #replaced: Map<number, WasmWriter> = new Map();
  readonly #appended: Map<number, Item[]> = new Map();
  readonly #dropped: Set<Section> = new Set();

  /** Edits a valid module. Throws WasmFormatError when it is cut off. */
  constructor(readonly module: Uint8Array<ArrayBuffer>) {
    this.#sections = sectionsOf(module);
    for (const section of this.#sections) {
      if (section.id !== SECTION.CUSTOM) this.#byId.set(section.id, section);
    }
  }

  /** A section that is there. */
  section(id: number): Section | undefined {
    return this.#byId.get(id);
  }

  /** The content of a section; an empty vector where there is none. */
  reader(id: number): WasmReader {
    const section = this.#byId.get(id);
    return section === undefined
      ? new WasmReader(Uint8Array.of(0), 0)
      : new WasmReader(this.module, section.body, section.end);
  }

  /** Number of items of a section that is a vector. */
  count(id: number): number {
    return this.reader(id).leb();
  }

  /** Adds items at the end of a section. */
  append(id: number, ...items: readonly Item[]): void {
    const list = this.#appended.get(id);
    if (list === undefined) this.#appended.set(id, [...items]);
    else list.push(...items);
  }

  /** Sets a section's content; what is appended still comes behind it, and counts. */
  replace(id: number, content: WasmWriter): void {
    this.#replaced.set(id, content);
  }

  /** Leaves a section out. */
  drop(id: number): void {
    const section = this.#byId.get(id);
    if (section !== undefined) this.#dropped.add(section);
  }

  /** Leaves custom sections out. */
  dropCustom(unwanted: (name: string) => boolean): void {
    for (const section of this.#sections) {
      if (section.id !== SECTION.CUSTOM) continue;
      const r = new WasmReader(this.module, section.body, section.end);
      const length = r.leb();
      if (unwanted(new TextDecoder().decode(this.module.subarray(r.at, r.at + length)))) {
        this.#dropped.add(section);
      }
    }
  }

  #content(id: number): WasmWriter | undefined {
    const appended = this.#appended.get(id);
    const replaced = this.#replaced.get(id);
    if (appended === undefined) return replaced;
    const bytes = replaced?.view();
    const r = bytes === undefined ? this.reader(id) : new WasmReader(bytes, 0);
    const w = new WasmWriter(r.end - r.at + 64);
    w.leb(r.leb() + appended.length);
    w.copy(r.bytes, r.at, r.end);
    for (const item of appended) w.raw(item);
    return w;
  }

  /** The changed module. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new WasmWriter(this.module.length + 1024);
    out.copy(this.module, 0, HEADER_SIZE);
    const write = (id: number, content: WasmWriter): void => {
      out.u8(id);
      out.leb(content.length);
      out.raw(content.view());
    };
    let next = 0;
    /** Writes sections that were not there before, in their place. */
    const writeNew = (order: number): void => {
      for (; next < order; next++) {
        const id = SECTION_ORDER[next]!;
        const content = this.#byId.has(id) ? undefined : this.#content(id);
        if (content !== undefined) write(id, content);
      }
    };
    for (const section of this.#sections) {
      if (section.id !== SECTION.CUSTOM) writeNew(SECTION_ORDER.indexOf(section.id));
      if (this.#dropped.has(section)) continue;
      const content = section.id === SECTION.CUSTOM ? undefined : this.#content(section.id);
      if (content === undefined) out.copy(this.module, section.start, section.end);
      else write(section.id, content);
    }
    writeNew(SECTION_ORDER.length);
    return out.view();
  }
}
