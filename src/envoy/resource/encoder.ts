import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { errorMessage } from "../../base/error-message.js";
import { versionOf } from "../../base/version.js";
import { createResourceCheck } from "../check/resource-check.js";
import type { Violation } from "../check/violation.js";
import { createMessageEncoder } from "../wire/message-encoder.js";

/** A message in its two forms beside its JSON: the bytes, and a version that is equal for equal bytes. */
export interface Encoded {
  readonly bytes: Buffer;
  readonly version: string;
  /** What Envoy would refuse in it; absent when there is nothing. */
  readonly violations?: readonly Violation[];
}

/** Something that the schema of the pinned Envoy does not allow: a fault of ours, or of an EnvoyFilter. */
export class EncodeError extends Error {
  readonly code = "encode";
  /** What is not allowed. */
  readonly reason: string;

  constructor(typeName: string, cause: unknown) {
    const reason = errorMessage(cause);
    super(`cannot encode ${typeName}: ${reason}`, { cause });
    this.name = "EncodeError";
    this.reason = reason;
  }
}

/** Turns canonical protobuf JSON into bytes by Envoy's own descriptors. */
export interface Encoder {
  readonly registry: FileRegistry;
  /**
   * Encodes a message of the named type, and checks it. Unknown fields, enum words and Any types are refused.
   * @throws EncodeError
   */
  readonly encode: (typeName: string, json: object) => Encoded;
  /**
   * An encoded message in canonical JSON.
   * @throws EncodeError
   */
  decode(typeName: string, bytes: Uint8Array): object;
  /**
   * An encoded message with some of its fields replaced.
   * @throws EncodeError
   */
  readonly edit: (typeName: string, bytes: Uint8Array, fields: object) => Encoded;
  /** Told of an exception, a fault of ours, by which a resource could not be built; nobody is told when absent. */
  readonly notBuilt?: (fault: unknown) => void;
}

/** An encoder for the API in a serialized FileDescriptorSet (see scripts/extract-descriptors.ts). */
export function createEncoder(descriptorSet: Uint8Array): Encoder {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const schemaOf = (typeName: string): DescMessage => {
    const schema = registry.getMessage(typeName);
    if (schema === undefined) throw new EncodeError(typeName, new Error("no such message type"));
    return schema;
  };
  const check = createResourceCheck(registry);
  const encodeMessage = createMessageEncoder(registry);
  const encode = (typeName: string, json: object): Encoded => {
    const schema = schemaOf(typeName);
    try {
      const { bytes, message } = encodeMessage(schema, json);
      const encoded = { bytes, version: versionOf(bytes) };
      const violations = check(schema, message);
      return violations.length === 0 ? encoded : { ...encoded, violations };
    } catch (error) {
      throw new EncodeError(typeName, error);
    }
  };
  const decode = (typeName: string, bytes: Uint8Array): object => {
    const schema = schemaOf(typeName);
    return toJson(schema, fromBinary(schema, bytes), { registry }) as object;
  };
  const edit = (typeName: string, bytes: Uint8Array, fields: object): Encoded =>
    encode(typeName, { ...decode(typeName, bytes), ...fields });
  return { registry, encode, decode, edit };
}
