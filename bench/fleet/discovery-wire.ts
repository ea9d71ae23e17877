/**
 * The discovery messages as a client has them: what it needs of a response, and its requests. A response is read field by
 * field, since decoding all of it would cost more than the server that is measured.
 * Numbers are those of envoy/service/discovery/v3/discovery.proto.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A resource in a response. */
export interface ReceivedResource {
  readonly name: string;
  readonly version: string;
  /** The encoded resource: a part of the response, not a copy. */
  readonly content: Buffer;
  /** All that the response says of it: likewise. */
  readonly field: Buffer;
}

/** A DeltaDiscoveryResponse. */
export interface DeltaResponse {
  readonly systemVersion: string;
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly ReceivedResource[];
  readonly removed: readonly string[];
}

/** A DeltaDiscoveryRequest. */
export interface DeltaRequest {
  /** Encoded; in the first request of a stream. */
  readonly node?: Buffer;
  readonly typeUrl: string;
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** The versions that the client holds, by name; in the first request for a type. */
  readonly versions?: Iterable<readonly [string, string]>;
  /** Of the response that is accepted. */
  readonly nonce?: string;
}

/** Calls for each field of a message that has a length, with where its content starts and ends. */
export function forEachField(
  message: Buffer,
  [start, end]: readonly [number, number],
  call: (field: number, start: number, end: number) => void,
): void {
  const reader = new BinaryReader(message);
  reader.pos = start;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, field);
      continue;
    }
    const length = reader.uint32();
    const from = reader.pos;
    reader.pos += length;
    call(field, from, reader.pos);
  }
}

function readResource(message: Buffer, start: number, end: number): ReceivedResource {
  let name = "";
  let version = "";
  let content = message.subarray(end, end);
  forEachField(message, [start, end], (field, from, to) => {
    if (field === 3) name = message.toString("utf8", from, to);
    else if (field === 1) version = message.toString("utf8", from, to);
    else if (field === 2) {
      forEachField(message, [from, to], (inner, first, last) => {
        if (inner === 2) content = message.subarray(first, last);
      });
    }
  });
  return { name, version, content, field: message.subarray(start, end) };
}

/** Reads a DeltaDiscoveryResponse. */
export function readResponse(message: Buffer): DeltaResponse {
  let systemVersion = "";
  let typeUrl = "";
  let nonce = "";
  const resources: ReceivedResource[] = [];
  const removed: string[] = [];
  forEachField(message, [0, message.length], (field, start, end) => {
    if (field === 2) resources.push(readResource(message, start, end));
    else if (field === 1) systemVersion = message.toString("utf8", start, end);
    else if (field === 4) typeUrl = message.toString("utf8", start, end);
    else if (field === 5) nonce = message.toString("utf8", start, end);
    else if (field === 6) removed.push(message.toString("utf8", start, end));
  });
  return { systemVersion, typeUrl, nonce, resources, removed };
}

function writeText(writer: BinaryWriter, field: number, text: string): void {
  writer.tag(field, WireType.LengthDelimited).string(text);
}

/** Encodes a DeltaDiscoveryRequest. */
export function writeRequest(request: DeltaRequest): Buffer {
  const writer = new BinaryWriter();
  if (request.node !== undefined) writer.tag(1, WireType.LengthDelimited).bytes(request.node);
  writeText(writer, 2, request.typeUrl);
  for (const name of request.subscribe ?? []) writeText(writer, 3, name);
  for (const name of request.unsubscribe ?? []) writeText(writer, 4, name);
  for (const [name, version] of request.versions ?? []) {
    writer.tag(5, WireType.LengthDelimited).fork();
    writeText(writer, 1, name);
    writeText(writer, 2, version);
    writer.join();
  }
  if (request.nonce !== undefined) writeText(writer, 6, request.nonce);
  return Buffer.from(writer.finish());
}
