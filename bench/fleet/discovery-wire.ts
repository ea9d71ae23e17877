/**
 * The discovery messages as a client has them: what it needs of a response, and its requests. A response is read field by
 * field and by hand, since decoding all of it would cost more than the server that is measured.
 * Numbers are those of envoy/service/discovery/v3/discovery.proto.
 */
import { fieldHead, textField } from "../../src/base/protobuf/message-field.js";

/** Where something stands in a message: from the first byte to that behind the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A DeltaDiscoveryResponse, with its resources unread. */
export interface DeltaResponse {
  readonly message: Buffer;
  readonly systemVersion: string;
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly Span[];
  readonly removed: readonly string[];
}

/** A DeltaDiscoveryRequest. */
export interface DeltaRequest {
  /** Encoded; in the first request of a stream. */
  readonly node?: Buffer;
  readonly typeUrl: string;
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** What the client holds, each as versionField writes it; in the first request for a type. */
  readonly versions?: readonly Buffer[];
  /** Of the response that is accepted. */
  readonly nonce?: string;
}

/** A message that is none. */
class WireError extends Error {
  readonly code = "wire";
}

const WIRE_TYPE_BITS = 3;
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Goes through a message. */
class Cursor {
  readonly #message: Buffer;
  at: number;

  constructor(message: Buffer, at: number) {
    this.#message = message;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#message[this.at] ?? 0;
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}

/** Calls for each field of a message that has a length, with where its content starts and ends. */
export function forEachField(
  message: Buffer,
  start: number,
  end: number,
  call: (field: number, start: number, end: number) => void,
): void {
  const cursor = new Cursor(message, start);
  while (cursor.at < end) {
    const tag = cursor.varint();
    switch (tag & 7) {
      case VARINT:
        cursor.varint();
        break;
      case FIXED_64:
        cursor.at += 8;
        break;
      case FIXED_32:
        cursor.at += 4;
        break;
      case LENGTH_DELIMITED: {
        const length = cursor.varint();
        const from = cursor.at;
        cursor.at += length;
        call(tag >>> WIRE_TYPE_BITS, from, cursor.at);
        break;
      }
      default:
        throw new WireError(`no such wire type: ${tag & 7}`);
    }
  }
}

/** Reads a DeltaDiscoveryResponse. */
export function readResponse(message: Buffer): DeltaResponse {
  let systemVersion = "";
  let typeUrl = "";
  let nonce = "";
  const resources: Span[] = [];
  const removed: string[] = [];
  forEachField(message, 0, message.length, (field, start, end) => {
    if (field === 2) resources.push({ start, end });
    else if (field === 1) systemVersion = message.toString("utf8", start, end);
    else if (field === 4) typeUrl = message.toString("utf8", start, end);
    else if (field === 5) nonce = message.toString("utf8", start, end);
    else if (field === 6) removed.push(message.toString("utf8", start, end));
  });
  return { message, systemVersion, typeUrl, nonce, resources, removed };
}

/** Encodes a DeltaDiscoveryRequest. */
export function writeRequest(request: DeltaRequest): Buffer {
  const { node, typeUrl, subscribe = [], unsubscribe = [], versions = [], nonce } = request;
  return Buffer.concat([
    ...(node === undefined ? [] : [fieldHead(1, node.length), node]),
    textField(2, typeUrl),
    ...subscribe.map((name) => textField(3, name)),
    ...unsubscribe.map((name) => textField(4, name)),
    ...versions,
    ...(nonce === undefined ? [] : [textField(6, nonce)]),
  ]);
}

/** An entry of DeltaDiscoveryRequest.initial_resource_versions. */
export function versionField(name: string, version: string): Buffer {
  const entry = Buffer.concat([textField(1, name), textField(2, version)]);
  return Buffer.concat([fieldHead(5, entry.length), entry]);
}
