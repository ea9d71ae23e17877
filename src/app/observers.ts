import type { XdsObserver } from "../xds/observer.js";

/** Tells several observers of everything, in order. */
export function joinObservers(observers: readonly XdsObserver[]): Required<XdsObserver> {
  return {
    opened: (event) => {
      for (const one of observers) one.opened?.(event);
    },
    pushed: (event) => {
      for (const one of observers) one.pushed?.(event);
    },
    acked: (event) => {
      for (const one of observers) one.acked?.(event);
    },
    nacked: (event) => {
      for (const one of observers) one.nacked?.(event);
    },
    closed: (event) => {
      for (const one of observers) one.closed?.(event);
    },
    failed: (error) => {
      for (const one of observers) one.failed?.(error);
    },
  };
}
