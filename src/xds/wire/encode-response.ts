/**
 * Writes responses: they are little else than resources that are encoded already, which are not copied.
 * Numbers of fields are those of envoy/service/discovery/v3/discovery.proto.
 */
import {
  fieldLength,
  textField,
  writeFieldHead,
  writeTextField,
} from "../../base/protobuf/message-field.js";
import { type Message, messageOf } from "../../grpc/message.js";
import type { EncodedResource } from "../resource.js";
import { rulesOf } from "../resource-type.js";
import type { Payload, Response, Style } from "../state/response/response.js";

/**
 * What stands before the bytes of a resource in a response of one style: the field's head, the resource's name and version,
 * and the head of the Any. All streams send the same, so it is written once.
 */
function resourceHead(typeUrl: string, style: Style, resource: EncodedResource): Buffer {
  const { name, version, bytes } = resource;
  const any = fieldLength(1, Buffer.byteLength(typeUrl)) + fieldLength(2, bytes.length);
  const named =
    fieldLength(3, Buffer.byteLength(name)) +
    fieldLength(1, Buffer.byteLength(version)) +
    fieldLength(2, any);
  const isDelta = style === "delta";
  const content = isDelta ? named : any;
  const head = Buffer.allocUnsafe(fieldLength(2, content) - bytes.length);
  let at = writeFieldHead(head, 0, 2, content);
  if (isDelta) {
    at = writeTextField(head, at, 3, name);
    at = writeTextField(head, at, 1, version);
    at = writeFieldHead(head, at, 2, any);
  }
  at = writeTextField(head, at, 1, typeUrl);
  writeFieldHead(head, at, 2, bytes.length);
  return head;
}

const deltaHeads = new WeakMap<EncodedResource, Buffer>();
const setHeads = new WeakMap<EncodedResource, Buffer>();

function headOf(typeUrl: string, style: Style, resource: EncodedResource): Buffer {
  const heads = style === "delta" ? deltaHeads : setHeads;
  const known = heads.get(resource);
  if (known !== undefined) return known;
  const head = resourceHead(typeUrl, style, resource);
  heads.set(resource, head);
  return head;
}

/**
 * Writes a DiscoveryResponse or, in the delta style, a DeltaDiscoveryResponse; with its resources as they stand in it, if these
 * were put together already.
 */
export function encodeResponse(response: Response, body = bodyOf(response)): Message {
  const { typeUrl, style, nonce, payload } = response;
  return messageOf([
    textField(1, payload.version),
    textField(4, typeUrl),
    textField(5, nonce),
    ...removedParts(typeUrl, style, payload.removed),
    ...body,
  ]);
}

/** How a response says what is removed; that of a complete style does so by what it leaves out. */
function removedParts(
  typeUrl: string,
  style: Style,
  removed: readonly string[],
): readonly Buffer[] {
  switch (style) {
    case "delta":
      return removed.map((name) => textField(6, name));
    case "partial":
      return removed.flatMap((name) => nothingParts(typeUrl, name));
    case "complete":
      return [];
  }
}

/** Made when they are written and kept nowhere: clients choose the names, and may choose many. */
function nothingParts(typeUrl: string, name: string): readonly Buffer[] {
  const bytes = rulesOf(typeUrl).nothingOf?.(name);
  if (bytes === undefined) return [];
  return [resourceHead(typeUrl, "partial", { name, version: "", bytes }), bytes];
}

/** Resources as they stand in a response of a style: of each its head and its bytes. */
export function resourceParts(
  typeUrl: string,
  style: Style,
  resources: readonly EncodedResource[],
): readonly Buffer[] {
  return resources.flatMap((resource) => [headOf(typeUrl, style, resource), resource.bytes]);
}

/** The resources of a response, as they stand in it. */
function bodyOf({ typeUrl, style, payload }: Response): readonly Buffer[] {
  const { prefix, resources } = payload;
  if (prefix === undefined) return resourceParts(typeUrl, style, resources);
  const rest = resources.slice(prefix.resources.length);
  return [beginningOf(typeUrl, style, prefix), ...resourceParts(typeUrl, style, rest)];
}

/** By the payloads that responses begin with; a type is said in one style to all who are sent such a payload. */
const beginnings = new WeakMap<Payload, Buffer>();

function beginningOf(typeUrl: string, style: Style, prefix: Payload): Buffer {
  const known = beginnings.get(prefix);
  if (known !== undefined) return known;
  const beginning = Buffer.concat(resourceParts(typeUrl, style, prefix.resources));
  beginnings.set(prefix, beginning);
  return beginning;
}
