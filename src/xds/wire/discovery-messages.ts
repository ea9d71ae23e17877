/**
 * The discovery messages on the wire.
 *
 * They are read and written field by field: a client that comes back lists thousands of names and versions, and a
 * response is little else than resources that are encoded already. Only the node is decoded by its descriptor.
 * Numbers are those of envoy/service/discovery/v3/discovery.proto.
 */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  fieldLength,
  textField,
  writeFieldHead,
  writeTextField,
} from "../../base/protobuf/message-field.js";
import { type Message, messageOf } from "../../grpc/message.js";
import { type EncodedResource, knownTypeUrl } from "../resource.js";
import { rulesOf } from "../resource-type.js";
import type { DeltaRequest } from "../state/request/delta-request.js";
import { versionsAt, versionsOf } from "../state/request/initial-versions.js";
import type { SotwRequest } from "../state/request/sotw-request.js";
import type { Payload, Response, Style } from "../state/response/response.js";
import { type EntryRun, entryRun, readTexts } from "./repeated-fields.js";

/** A request, and the encoded node if it has one. */
export interface Received<Request> {
  readonly request: Request;
  readonly node: Uint8Array | undefined;
}

/** A peer sent what is no message of the protocol. */
export class DecodeError extends Error {
  readonly code = "decode";
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "DecodeError";
  }
}

/** Reads one field of a message; false if it is not one of the reader's. */
type FieldReader = (reader: BinaryReader, field: number) => boolean;

function readMessage(reader: BinaryReader, end: number, readField: FieldReader): void {
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited || !readField(reader, field)) {
      reader.skip(wireType, field);
    }
  }
  if (reader.pos > end) throw new RangeError("a field is longer than its message");
}

/** Where a text stands in its message: from the first position to before the second. */
type Span = readonly [start: number, end: number];

/** BinaryReader.string makes a view of the bytes for each; with thousands of names that is most of the time. */
function readSpan(reader: BinaryReader): Span {
  const length = reader.uint32();
  const start = reader.pos;
  if (length > reader.len - start) throw new RangeError("a text is longer than its message");
  moveTo(reader, start + length);
  return [start, start + length];
}

function readText(reader: BinaryReader, buffer: Buffer): string {
  return buffer.toString("utf8", ...readSpan(reader));
}

/** The tag of resource_names_subscribe, and that of a DiscoveryRequest's resource_names. */
const SUBSCRIBE_TAG = 0x1a;

/** Reads a name, and those that follow it directly. */
function readNames(reader: BinaryReader, message: Buffer, tag: number, names: string[]): void {
  const before = reader.pos;
  moveTo(
    reader,
    readTexts(message, before, tag, (name) => names.push(name)),
  );
  if (reader.pos === before) names.push(readText(reader, message));
}

function moveTo(reader: BinaryReader, position: number): void {
  // eslint-disable-next-line no-param-reassign -- the reader is moved by its position, there is no other way
  reader.pos = position;
}

/** Of an error's message so many bytes are read: Envoy's own with a line for each of some hundred resources. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The message of a google.rpc.Status. */
function readError(reader: BinaryReader, buffer: Buffer): string {
  const end = reader.uint32() + reader.pos;
  let message = "";
  readMessage(reader, end, (fields, field) => {
    if (field !== 2) return false;
    const [start, after] = readSpan(fields);
    message = buffer.toString("utf8", start, Math.min(after, start + MAX_ERROR_BYTES));
    return true;
  });
  return message;
}

/** Reads one of the versions that a client holds: an entry of a map, whose key is field 1 and whose value field 2. */
function readVersion(reader: BinaryReader, buffer: Buffer, versions: Map<string, string>): void {
  const end = reader.uint32() + reader.pos;
  let name = "";
  let version = "";
  readMessage(reader, end, (fields, field) => {
    if (field === 1) name = readText(fields, buffer);
    else if (field === 2) version = readText(fields, buffer);
    else return false;
    return true;
  });
  versions.set(name, version);
}

/**
 * Reads a DeltaDiscoveryRequest.
 * @throws DecodeError
 */
export function decodeDeltaRequest(message: Buffer): Received<DeltaRequest> {
  const runs: EntryRun[] = [];
  const others = new Map<string, string>();
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const fields: { node?: Uint8Array; typeUrl: string; nonce: string; error?: string } = {
    typeUrl: "",
    nonce: "",
  };
  decode("DeltaDiscoveryRequest", message, (reader, field) => {
    switch (field) {
      case 1:
        fields.node = reader.bytes();
        return true;
      case 2:
        fields.typeUrl = knownTypeUrl(readText(reader, message));
        return true;
      case 3:
        readNames(reader, message, SUBSCRIBE_TAG, subscribe);
        return true;
      case 4:
        unsubscribe.push(readText(reader, message));
        return true;
      case 5: {
        const run = entryRun(message, reader.pos);
        moveTo(reader, run.behind);
        if (run.count === 0) readVersion(reader, message, others);
        else runs.push(run);
        return true;
      }
      case 6:
        fields.nonce = readText(reader, message);
        return true;
      case 7:
        fields.error = readError(reader, message);
        return true;
      default:
        return false;
    }
  });
  const { node, typeUrl, nonce, error } = fields;
  const usual = versionsAt(message, runs);
  const initialVersions =
    others.size === 0 ? usual : versionsOf(new Map([...usual.entries(), ...others]));
  return { node, request: { typeUrl, subscribe, unsubscribe, initialVersions, nonce, error } };
}

/**
 * Reads a DiscoveryRequest.
 * @throws DecodeError
 */
export function decodeSotwRequest(message: Buffer): Received<SotwRequest> {
  const names: string[] = [];
  const fields: {
    node?: Uint8Array;
    version: string;
    typeUrl: string;
    nonce: string;
    error?: string;
  } = { version: "", typeUrl: "", nonce: "" };
  decode("DiscoveryRequest", message, (reader, field) => {
    switch (field) {
      case 1:
        fields.version = readText(reader, message);
        return true;
      case 2:
        fields.node = reader.bytes();
        return true;
      case 3:
        readNames(reader, message, SUBSCRIBE_TAG, names);
        return true;
      case 4:
        fields.typeUrl = knownTypeUrl(readText(reader, message));
        return true;
      case 5:
        fields.nonce = readText(reader, message);
        return true;
      case 6:
        fields.error = readError(reader, message);
        return true;
      default:
        return false;
    }
  });
  const { node, version, typeUrl, nonce, error } = fields;
  return { node, request: { version, typeUrl, nonce, error, names } };
}

function decode(type: string, message: Buffer, readField: FieldReader): void {
  const reader = new BinaryReader(message);
  try {
    readMessage(reader, reader.len, readField);
  } catch (error) {
    throw new DecodeError(`not a ${type}`, error);
  }
}

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

/** Writes a DiscoveryResponse or, in the delta style, a DeltaDiscoveryResponse. */
export function encodeResponse({ typeUrl, style, nonce, payload }: Response): Message {
  const parts: Buffer[] = [
    textField(1, payload.version),
    textField(4, typeUrl),
    textField(5, nonce),
    ...removedParts(typeUrl, style, payload.removed),
  ];
  const { prefix, resources } = payload;
  if (prefix === undefined) return messageOf([...parts, ...bodyParts(typeUrl, style, resources)]);
  const rest = resources.slice(prefix.resources.length);
  return messageOf([...parts, bodyOf(typeUrl, style, prefix), ...bodyParts(typeUrl, style, rest)]);
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

function bodyParts(
  typeUrl: string,
  style: Style,
  resources: readonly EncodedResource[],
): readonly Buffer[] {
  return resources.flatMap((resource) => [headOf(typeUrl, style, resource), resource.bytes]);
}

/** By the payloads that responses begin with; a type is said in one style to all who are sent such a payload. */
const bodies = new WeakMap<Payload, Buffer>();

/** The resources of a payload as they stand in a response. */
function bodyOf(typeUrl: string, style: Style, payload: Payload): Buffer {
  const known = bodies.get(payload);
  if (known !== undefined) return known;
  const body = Buffer.concat(bodyParts(typeUrl, style, payload.resources));
  bodies.set(payload, body);
  return body;
}
