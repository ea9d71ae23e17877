import { fromBinary, type Message, type Registry } from "@bufbuild/protobuf";
import { DecodeError } from "./decode-error.js";

/** The registry lacks a message that is read: a fault of the build. */
class MissingTypeError extends Error {
  readonly code = "missing-type";
  constructor(type: string) {
    super(`the registry has no message ${type}`);
    this.name = "MissingTypeError";
  }
}

/**
 * The reader of the messages of a type, which throws a DecodeError for bytes that are none: "not WHAT".
 * @throws MissingTypeError
 */
export function messageDecoder(
  registry: Registry,
  type: string,
  what: string,
): (bytes: Uint8Array) => Message {
  const schema = registry.getMessage(type);
  if (schema === undefined) throw new MissingTypeError(type);
  return (bytes) => {
    try {
      return fromBinary(schema, bytes);
    } catch (error) {
      throw new DecodeError(`not ${what}`, error);
    }
  };
}
