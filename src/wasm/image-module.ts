/**
 * The module in an image: a layer of a type of its own, or a file of the last layer. See the Wasm image specification that
 * Istio goes by.
 */

import { parseJson } from "../base/parse-json.js";
import { limitedAscii } from "../base/text/limited-ascii.js";
import type { ImageReference } from "./image-reference.js";
import { ModuleError } from "./module-error.js";
import type { Registry } from "./registry.js";
import { fileOfLayer, MAX_MODULE_BYTES, sha256Of } from "./unpack.js";

const MODULE_LAYER = "application/vnd.module.wasm.content.layer.v1+wasm";
const FILE_LAYERS: readonly string[] = [
  "application/vnd.oci.image.layer.v1.tar+gzip",
  "application/vnd.docker.image.rootfs.diff.tar.gzip",
];
const FILE = "plugin.wasm";
const PREFIX = "sha256:";

/** A part of an image. */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * The bytes of it. The digest of the reference, and the SHA-256 when one is given, have to be those of the image, or of the index
 * that it is the first of.
 * @throws ModuleError, CallError
 */
export async function moduleOfImage(
  { reference, digest }: ImageReference,
  sha256: string,
  registry: Registry,
): Promise<Buffer> {
  const found = await imageOf(reference, registry);
  for (const wanted of [digest, sha256 === "" ? undefined : PREFIX + sha256]) {
    if (wanted !== undefined && !found.digests.includes(wanted)) {
      throw new ModuleError(
        `the digest of its image is ${found.digests.join(", ")} and not ${wanted}`,
      );
    }
  }
  const layer = moduleLayer(found.layers);
  if (layer.size > MAX_MODULE_BYTES) {
    throw new ModuleError(`the layer of its image has more than ${String(MAX_MODULE_BYTES)} bytes`);
  }
  const bytes = await registry.blob(layer.digest, MAX_MODULE_BYTES);
  checkDigest(bytes, layer.digest);
  return layer.mediaType === MODULE_LAYER ? bytes : fileOfLayer(bytes, FILE);
}

/** The layers of an image, and the digests by which it may be meant. */
interface Image {
  readonly layers: readonly Descriptor[];
  readonly digests: readonly string[];
}

async function imageOf(reference: string, registry: Registry): Promise<Image> {
  const bytes = await registry.manifest(reference);
  const digest = PREFIX + sha256Of(bytes);
  const manifest = objectIn(bytes);
  const images = member(manifest, "manifests");
  if (!Array.isArray(images)) {
    return { layers: descriptorsIn(member(manifest, "layers")), digests: [digest] };
  }
  const [first] = images.filter(isOfAPlatform).flatMap(descriptorIn);
  if (first === undefined) throw new ModuleError("the index of its image has no image");
  const own = await registry.manifest(first.digest);
  checkDigest(own, first.digest);
  return {
    layers: descriptorsIn(member(objectIn(own), "layers")),
    digests: [digest, first.digest],
  };
}

/** Builders put what they know of an image beside it. */
function isOfAPlatform(entry: unknown): boolean {
  const platform = member(entry, "platform");
  return member(platform, "architecture") !== "unknown";
}

function moduleLayer(layers: readonly Descriptor[]): Descriptor {
  const layer = layers.find(({ mediaType }) => mediaType === MODULE_LAYER) ?? layers.at(-1);
  if (layer === undefined) throw new ModuleError("its image has no layers");
  if (layer.mediaType === MODULE_LAYER || FILE_LAYERS.includes(layer.mediaType)) return layer;
  const type = JSON.stringify(limitedAscii(layer.mediaType));
  throw new ModuleError(`the last layer of its image is of type ${type}, in which no module is`);
}

function checkDigest(bytes: Buffer, digest: string): void {
  if (digest === PREFIX + sha256Of(bytes)) return;
  throw new ModuleError(`what its registry has for ${digest} is something else`);
}

function objectIn(bytes: Buffer): object {
  const value = parseJson(bytes.toString("utf8"));
  if (typeof value === "object" && value !== null) return value;
  throw new ModuleError("the manifest of its image is no JSON object");
}

function descriptorsIn(value: unknown): readonly Descriptor[] {
  return Array.isArray(value) ? value.flatMap(descriptorIn) : [];
}

function descriptorIn(value: unknown): readonly Descriptor[] {
  const digest = member(value, "digest");
  const mediaType = member(value, "mediaType");
  const size = member(value, "size");
  // It goes into a URL.
  if (typeof digest !== "string" || !/^sha256:[a-f0-9]{64}$/.test(digest)) return [];
  return [
    {
      digest,
      mediaType: typeof mediaType === "string" ? mediaType : "",
      size: typeof size === "number" ? size : 0,
    },
  ];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
