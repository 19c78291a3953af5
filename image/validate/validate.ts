/** Validates images with everything below them: documents, digests, sizes, diff_ids, the content of layers. @module */
import { type ContentOptions, type ImageSource, MissingContentError } from "../content.ts";
import { MAX_CONFIG } from "../config.ts";
import type { Descriptor } from "../descriptor.ts";
import { hasher, isVerifiable, parseDigest } from "../digest.ts";
import { compressionOf, decompress, detectCompression } from "../layer/compression.ts";
import { MAX_MANIFEST } from "../manifest.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../media_types.ts";
import { collect, contentName, readBlob } from "../read_content.ts";
import { checkConfig, comparePlatforms } from "./config_checks.ts";
import type { CheckedDescriptor } from "./descriptor_checks.ts";
import { Report } from "./findings.ts";
import { readJson } from "./json_text.ts";
import { LayerChecks } from "./layer_checks.ts";
import { checkIndex, checkManifest } from "./manifest_checks.ts";
import { Node } from "./node.ts";

/** How thorough validation is. */
export interface ValidateOptions extends ContentOptions {
  /** Layers are not read: only documents are checked, and what refers to what. */
  readonly documentsOnly?: boolean;
}

/** Indexes in indexes, at most. */
const MAX_NESTING = 8;
/** Manifests and indexes that are looked at, at most. */
const MAX_DOCUMENTS = 4096;

/** Follows descriptors and checks what they lead to; everything once. */
export class Validator {
  readonly #seen = new Set<string>();
  #documents = 0;

  /** Validates content of `source`; findings go to `report`. */
  constructor(
    readonly source: ImageSource,
    readonly report: Report,
    readonly options: ValidateOptions = {},
  ) {}

  /** True for what has not been looked at as that type; descriptors of one blob may differ in type (descriptor.md). */
  #isNew({ digest, mediaType }: Descriptor): boolean {
    const key = `${mediaType} ${digest}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  /** The bytes of a document; what is wrong with them is reported. `isPart`: without it, what refers to it is of no use. */
  async #read(descriptor: Descriptor, limit: number, isPart: boolean): Promise<Uint8Array | undefined> {
    const what = contentName(descriptor);
    if (!this.#canVerify(descriptor, what)) return undefined;
    try {
      return await collect(readBlob(this.source, descriptor, this.options), descriptor, what, limit);
    } catch (error) {
      this.#failed(error, what, isPart);
      return undefined;
    }
  }

  /** False, and a warning, for an algorithm that is not known: its content is carried, not checked. */
  #canVerify({ digest }: Descriptor, what: string): boolean {
    const parsed = parseDigest(digest);
    if (parsed !== undefined && isVerifiable(parsed)) return true;
    const message = `digests of ${digest.split(":", 1)[0]} cannot be verified here: it is not checked`;
    this.report.add("warning", what, "", message, "descriptor.md#digests");
    return false;
  }

  #failed(error: unknown, what: string, isPart: boolean): void {
    this.options.signal?.throwIfAborted();
    const message = (error as Error).message.replace(`${this.source.name}: `, "").replace(`${what}: `, "");
    if (error instanceof MissingContentError) {
      this.report.add(isPart ? "error" : "warning", what, "", message, "image-layout.md#blobs");
    } else this.report.add("error", what, "", message, "descriptor.md#verification");
  }

  #document(bytes: Uint8Array, what: string): Node | undefined {
    const value = readJson(bytes, this.report, what);
    return value === undefined ? undefined : new Node(this.report, what, "", value);
  }

  /** Checks a manifest, an index or anything else that an index, or a name, refers to. */
  async entry(entry: CheckedDescriptor, depth = 0): Promise<void> {
    const { descriptor } = entry;
    const what = contentName(descriptor);
    const isIndex = INDEX_TYPES.includes(descriptor.mediaType);
    // An unknown type must not be an error, and its content is not to be understood (image-index.md, `mediaType`).
    if (!isIndex && !MANIFEST_TYPES.includes(descriptor.mediaType)) {
      return await this.#opaque(descriptor, false);
    }
    if (!this.#isNew(descriptor)) return;
    if (++this.#documents > MAX_DOCUMENTS) {
      if (this.#documents === MAX_DOCUMENTS + 1) {
        const message = `more than ${MAX_DOCUMENTS} manifests: the rest is not checked`;
        this.report.add("error", what, "", message, "image-index.md#image-index-property-descriptions");
      }
      return;
    }
    const bytes = await this.#read(descriptor, MAX_MANIFEST, false);
    const document = bytes && this.#document(bytes, what);
    if (!document) return;
    if (!isIndex) return await this.#manifest(entry, document);
    const entries = checkIndex(document, "elsewhere", descriptor.mediaType);
    if (depth + 1 >= MAX_NESTING && entries.some((each) => INDEX_TYPES.includes(each.descriptor.mediaType))) {
      const message = `indexes nested more than ${MAX_NESTING} deep: the rest is not checked`;
      this.report.add(
        "error",
        what,
        "manifests",
        message,
        "image-index.md#image-index-property-descriptions",
      );
      return;
    }
    for (const each of entries) await this.entry(each, depth + 1);
  }

  async #manifest(entry: CheckedDescriptor, document: Node): Promise<void> {
    const { config, layers, isImage } = checkManifest(document, entry.descriptor.mediaType);
    const diffIds = config === undefined || !isImage
      ? []
      : await this.#config(entry, config.descriptor, layers.length);
    // Content of unknown types is not parsed (manifest.md, `config`), only its digest is checked.
    if (config !== undefined && !isImage) await this.#opaque(config.descriptor, true);
    for (const [i, layer] of layers.entries()) {
      if (layer === undefined) continue;
      const { mediaType } = layer.descriptor;
      if (isImage && compressionOf(mediaType) !== undefined) {
        await this.#layer(layer.descriptor, diffIds[i], i === 0);
      } else await this.#opaque(layer.descriptor, true);
    }
  }

  async #config(
    entry: CheckedDescriptor,
    descriptor: Descriptor,
    layers: number,
  ): Promise<readonly (string | undefined)[]> {
    const what = contentName(descriptor);
    const bytes = await this.#read(descriptor, MAX_CONFIG, true);
    const document = bytes && this.#document(bytes, what);
    if (!document) return [];
    // One configuration may be that of several manifests: its own findings are made once.
    const report = this.#isNew(descriptor) ? this.report : new Report();
    const { platform, diffIds } = checkConfig(new Node(report, what, "", document.value, "", true), layers);
    if (entry.platform !== undefined) comparePlatforms(entry.platform, entry.node, platform);
    return diffIds;
  }

  /** Checks size and digest of content that is not looked into. */
  async #opaque(descriptor: Descriptor, isPart: boolean): Promise<void> {
    const what = contentName(descriptor);
    if (this.options.documentsOnly || !this.#isNew(descriptor)) return;
    if (!this.#canVerify(descriptor, what)) return;
    try {
      for await (const _ of readBlob(this.source, descriptor, this.options));
    } catch (error) {
      this.#failed(error, what, isPart);
    }
  }

  async #layer(descriptor: Descriptor, diffId: string | undefined, isLowest: boolean): Promise<void> {
    const what = contentName(descriptor);
    if (
      this.options.documentsOnly ||
      !this.#isNew({ ...descriptor, digest: `${descriptor.digest} ${diffId}` })
    ) {
      return;
    }
    if (!this.#canVerify(descriptor, what)) return;
    const raw = { head: new Uint8Array(4), size: 0, error: undefined as unknown };
    const checks = new LayerChecks(this.report, what, isLowest);
    const expected = diffId === undefined ? undefined : parseDigest(diffId);
    const hash = expected !== undefined && isVerifiable(expected) ? hasher(expected.algorithm) : undefined;
    try {
      for await (const chunk of decompress(this.#watched(descriptor, raw), { transient: true })) {
        hash?.update(chunk);
        checks.push(chunk);
      }
    } catch (error) {
      return await this.#unreadable(descriptor, error, raw.error);
    }
    checks.end();
    this.#compression(descriptor, raw.head.subarray(0, raw.size));
    if (hash === undefined) return;
    const actual = `${expected!.algorithm}:${hash.digest("hex")}`;
    if (actual !== diffId) {
      const message = `its archive has digest ${actual}, not the diff_id ${diffId}`;
      this.report.add("error", what, "", message, "config.md#layer-diffid");
    }
  }

  /** The bytes of a blob, of which the first and what goes wrong are kept. */
  async *#watched(
    descriptor: Descriptor,
    raw: { readonly head: Uint8Array; size: number; error: unknown },
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of readBlob(this.source, descriptor, this.options)) {
        const n = Math.min(chunk.length, raw.head.length - raw.size);
        raw.head.set(chunk.subarray(0, n), raw.size);
        raw.size += n;
        yield chunk;
      }
    } catch (error) {
      raw.error = error;
      throw error;
    }
  }

  /** A layer that cannot be decompressed: its digest tells whether it is the one that was meant. */
  async #unreadable(descriptor: Descriptor, error: unknown, ofSource: unknown): Promise<void> {
    const what = contentName(descriptor);
    if (ofSource !== undefined) return this.#failed(ofSource, what, true);
    const message = (error as Error).message;
    const rule = `layer.md#${message.startsWith("zstd") ? "zstd" : "gzip"}-media-types`;
    this.report.add("error", what, "", message, rule);
    try {
      for await (const _ of readBlob(this.source, descriptor, this.options));
    } catch (error) {
      this.#failed(error, what, true);
    }
  }

  #compression({ mediaType, digest }: Descriptor, head: Uint8Array): void {
    const stated = compressionOf(mediaType)!, found = detectCompression(head);
    if (stated === found) return;
    const rule = `layer.md#${stated === "none" ? "distributable-format" : `${stated}-media-types`}`;
    this.report.add(
      "error",
      `layer ${digest}`,
      "",
      `compressed with ${found}, but its type is ${mediaType}`,
      rule,
    );
  }
}
