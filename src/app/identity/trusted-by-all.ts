/** Which roots all proxies of a control plane trust, as others are told of it: they sign by none that somebody does not trust. */
import { fingerprintOfPem } from "../../ca/certificate/pem.js";
import { createListeners } from "../listeners.js";

/** See the top of this file. */
export interface TrustedByAll {
  /** SHA-256 of each, in hexadecimal digits; the same object until they are others. */
  readonly fingerprints: () => readonly string[];
  /** Has the listener called when they are others; the result ends that. */
  readonly onChange: (listener: () => void) => () => void;
}

/** Of none it is known yet. `set` takes the PEM of roots. */
export function createTrustedByAll(): TrustedByAll & {
  readonly set: (roots: readonly string[]) => void;
} {
  const listeners = createListeners<undefined>();
  let fingerprints: readonly string[] = [];
  return {
    fingerprints: () => fingerprints,
    onChange: (listener) => listeners.add(listener),
    set: (roots) => {
      fingerprints = roots.map(fingerprintOfPem);
      listeners.tell(undefined);
    },
  };
}
