/**
 * Reads requests. They are read field by field, since a client that comes back lists thousands of names and versions; the node is
 * decoded later, by its descriptor.
 * Numbers of fields are those of envoy/service/discovery/v3/discovery.proto.
 */
import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { knownTypeUrl } from "../resource.js";
import type { DeltaRequest } from "../state/request/delta-request.js";
import { versionsOf } from "../state/request/initial-versions.js";
import type { SotwRequest } from "../state/request/sotw-request.js";
import { versionsAt } from "./initial-versions-run.js";
import { decode, moveTo, readMessage, readSpan, readText } from "./read-message.js";
import { type EntryRun, entryRun, readTexts } from "./repeated-fields.js";

/** A request, and the encoded node if it has one. */
export interface Received<Request> {
  readonly request: Request;
  readonly node: Uint8Array | undefined;
}

/** Names have one tag in both requests: that of field 3. */
const NAME_TAG = 0x1a;

/** Reads a name, and those that follow it directly. */
function readNames(reader: BinaryReader, message: Buffer, names: string[]): void {
  const before = reader.pos;
  moveTo(
    reader,
    readTexts(message, before, NAME_TAG, (name) => names.push(name)),
  );
  if (reader.pos === before) names.push(readText(reader, message));
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
        readNames(reader, message, subscribe);
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
        readNames(reader, message, names);
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
