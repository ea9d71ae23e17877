import type { Engine } from "../../base/engine/engine.js";
import type { Encoder } from "../../envoy/resource/encoder.js";

/** An encoder, and whether anything that it was given was such that Envoy would refuse it. */
export interface WatchedEncoder {
  readonly encoder: Encoder;
  readonly hasRefused: () => boolean;
}

/**
 * Watches an encoder: as long as nothing is wrong with what is in force, nobody has to look for it. `onFault` is told of each
 * exception, a fault of ours, by which a resource could not be built.
 */
export function watchEncoder(
  encoder: Encoder,
  engine: Pick<Engine, "isAside">,
  onFault: (fault: unknown) => void = () => undefined,
): WatchedEncoder {
  let refused = false;
  const noted: Encoder["encode"] = (typeName, json) => {
    try {
      const encoded = encoder.encode(typeName, json);
      refused ||= encoded.violations !== undefined && !engine.isAside;
      return encoded;
    } catch (error) {
      refused ||= !engine.isAside;
      throw error;
    }
  };
  const notBuilt = (fault: unknown): void => {
    refused ||= !engine.isAside;
    onFault(fault);
  };
  return { encoder: { ...encoder, encode: noted, notBuilt }, hasRefused: () => refused };
}
