/**
 * The objects that stand for proxies. One that comes back as it was, or opens another stream, is given the object that it
 * had, so that what was made for it is found again.
 */
import type { Clock } from "../../base/clock.js";
import type { ConnectedProxy } from "../../envoy/proxy/connected-proxy.js";

/** A proxy that somebody uses. */
export interface HeldProxy {
  readonly connected: ConnectedProxy;
  /** It is not used any more; to be called once. */
  readonly release: () => void;
}

/** See the top of this file. */
export interface RememberedProxies {
  readonly hold: (described: ConnectedProxy) => HeldProxy;
}

/** A proxy that nobody uses is remembered so long, in milliseconds. */
const KEEP_MS = 60_000;

interface Remembered {
  readonly connected: ConnectedProxy;
  users: number;
}

/** Nobody is remembered yet; `onForgotten` is told of each that is no more. */
export function createRememberedProxies(clock: Clock, onForgotten: () => void): RememberedProxies {
  const byText = new Map<string, Remembered>();
  return {
    hold: (described) => {
      const text = JSON.stringify([described.proxy, described.controlPlane]);
      const one = byText.get(text) ?? { connected: described, users: 0 };
      byText.set(text, one);
      one.users += 1;
      return {
        connected: one.connected,
        release: () => {
          one.users -= 1;
          clock.after(KEEP_MS, () => {
            if (one.users === 0 && byText.delete(text)) onForgotten();
          });
        },
      };
    },
  };
}
