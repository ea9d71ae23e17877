import { versionOf } from "../../base/version.js";
import { type Encoded, EncodeError, type Encoder } from "./encoder.js";

const NOTHING = Buffer.alloc(0);

/**
 * Encodes a message as the encoder does; but what its schema does not allow, such as a number that is too large for its
 * field, is a violation, and the bytes are none.
 */
export function encodeChecked(
  encoder: Pick<Encoder, "encode">,
  typeName: string,
  json: object,
): Encoded {
  try {
    return encoder.encode(typeName, json);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    const { reason } = error;
    const version = versionOf(reason);
    return { bytes: NOTHING, version, violations: [{ path: "", problem: reason }] };
  }
}
