/** Descriptors against descriptor.md. @module */
import { hasher, isVerifiable, parseDigest } from "../digest.ts";
import type { Descriptor } from "../descriptor.ts";
import { MANIFEST_TYPES } from "../media_types.ts";
import {
  type AnnotationPlace,
  checkAnnotations,
  checkDigest,
  type CheckedPlatform,
  checkMediaType,
  checkPlatform,
} from "./common_checks.ts";
import type { Node } from "./node.ts";

const EMPTY = "application/vnd.oci.empty.v1+json";
const EMPTY_DIGEST = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
/** RFC 4648, section 4. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** RFC 3986: a scheme, then only characters that a URI may have. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

/** A descriptor that can be followed, with where it stands. */
export interface CheckedDescriptor {
  /** What it refers to. */
  readonly descriptor: Descriptor;
  /** The place in its document. */
  readonly node: Node;
  /** What it says about the platform. */
  readonly platform?: CheckedPlatform;
}

function checkUrls(node: Node): string[] {
  return node.items().flatMap((item) => {
    const url = item.string();
    if (url === undefined) return [];
    if (!URI.test(url)) item.error(`${JSON.stringify(url)} is not a URI (RFC 3986)`);
    else if (!/^https?:/i.test(url)) item.warn("its scheme is neither http nor https");
    return [url];
  });
}

function checkData(node: Node, digest: string | undefined, size: number | undefined): Uint8Array | undefined {
  const text = node.string();
  if (text === undefined) return undefined;
  if (!BASE64.test(text)) {
    node.error("not base64 (RFC 4648, section 4)");
    return undefined;
  }
  const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const parsed = digest === undefined ? undefined : parseDigest(digest);
  if (size !== undefined && data.length !== size) node.error(`${data.length} bytes, not the ${size} stated`);
  else if (parsed !== undefined && isVerifiable(parsed)) {
    const actual = `${parsed.algorithm}:${hasher(parsed.algorithm).update(data).digest("hex")}`;
    if (actual !== digest) node.error(`its content has digest ${actual}, not ${digest}`);
  }
  return data;
}

/** Checks one descriptor; undefined if it does not say enough to be followed. */
export function checkDescriptor(
  at: Node,
  place: AnnotationPlace = "elsewhere",
): CheckedDescriptor | undefined {
  const node = at.under("descriptor.md#properties");
  if (!node.object()) return undefined;
  const typeNode = node.required("mediaType");
  const mediaType = typeNode === undefined ? undefined : checkMediaType(typeNode);
  const digestNode = node.required("digest");
  const digest = digestNode === undefined ? undefined : checkDigest(digestNode);
  const size = node.required("size")?.int64();
  if (size !== undefined && size < 0) node.field("size").error("it is negative");
  const urlsNode = node.optional("urls");
  const urls = urlsNode === undefined ? [] : checkUrls(urlsNode);
  const annotations = node.optional("annotations");
  if (annotations !== undefined) checkAnnotations(annotations, place);
  const dataNode = node.optional("data");
  const data = dataNode === undefined ? undefined : checkData(dataNode, digest, size);
  const artifactType = node.optional("artifactType");
  if (artifactType !== undefined) checkMediaType(artifactType);
  if (mediaType === EMPTY && (digest !== EMPTY_DIGEST || size !== 2)) {
    node.warn(`${EMPTY} is not {}`, "manifest.md#guidance-for-an-empty-descriptor");
  }
  const platformNode = node.optional("platform")?.under("image-index.md#image-index-property-descriptions");
  const platform = platformNode?.object() ? checkPlatform(platformNode) : undefined;
  if (platform !== undefined && platformNode!.field("features").exists) {
    platformNode!.field("features").warn("it is reserved");
  }
  if (mediaType === undefined || digest === undefined || size === undefined || size < 0) return undefined;
  return {
    descriptor: {
      mediaType,
      digest,
      size,
      annotations: {},
      ...(data === undefined ? {} : { data }),
      ...(urls.length === 0 ? {} : { urls }),
    },
    node,
    ...(platform === undefined ? {} : { platform }),
  };
}

/** Warns of a descriptor of a manifest, in an index, that does not say what it is for. */
export function checkHasPlatform({ descriptor, node, platform }: CheckedDescriptor): void {
  if (platform === undefined && MANIFEST_TYPES.includes(descriptor.mediaType)) {
    node.warn("the descriptor of a manifest should have a platform");
  }
}
