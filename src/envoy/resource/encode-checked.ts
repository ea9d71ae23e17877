import { errorMessage } from "../../base/error-message.js";
import { versionOf } from "../../base/version.js";
import { type Encoded, EncodeError, type Encoder } from "./encoder.js";

const NOTHING = Buffer.alloc(0);

/** What stands for a message that could not be built: there are no bytes, and a violation says why. */
export function notBuilt(encoder: Pick<Encoder, "notBuilt">, fault: unknown): Encoded {
  encoder.notBuilt?.(fault);
  const reason = errorMessage(fault);
  const problem = `could not be made, which is a fault of fairlead's: ${reason}`;
  return { bytes: NOTHING, version: versionOf(problem), violations: [{ path: "", problem }] };
}

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
