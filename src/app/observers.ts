/** Lets several observers look at the discovery streams: the log, the metrics, the debug API. */
import type { XdsObserver } from "../xds/observer.js";

type Method = keyof XdsObserver;

/** A method of an observer, which is told of one kind of event. */
type Told<M extends Method> = Required<XdsObserver>[M];

/** Those of some observers who want to be told. They are looked up once: there are two events for each response. */
function methods<M extends Method>(observers: readonly XdsObserver[], method: M): Told<M>[] {
  return observers.flatMap((one) => {
    const told = one[method];
    return told === undefined ? [] : (told.bind(one) as Told<M>);
  });
}

/** Tells several observers of everything, in order. */
export function joinObservers(observers: readonly XdsObserver[]): Required<XdsObserver> {
  const opened = methods(observers, "opened");
  const pushed = methods(observers, "pushed");
  const acked = methods(observers, "acked");
  const nacked = methods(observers, "nacked");
  const closed = methods(observers, "closed");
  const failed = methods(observers, "failed");
  return {
    opened: (event) => {
      for (const tell of opened) tell(event);
    },
    pushed: (event) => {
      for (const tell of pushed) tell(event);
    },
    acked: (event) => {
      for (const tell of acked) tell(event);
    },
    nacked: (event) => {
      for (const tell of nacked) tell(event);
    },
    closed: (event) => {
      for (const tell of closed) tell(event);
    },
    failed: (error) => {
      for (const tell of failed) tell(error);
    },
  };
}
