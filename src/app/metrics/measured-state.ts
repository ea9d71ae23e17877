import { systemClock } from "../../base/clock.js";
import type { Configuration } from "../configuration.js";
import type { Discovery } from "../discovery.js";
import type { Identity } from "../identity/identity.js";
import type { MeasuredPeer, MeasuredState } from "./metrics.js";

/** What is looked at when somebody asks for metrics. */
export function measuredState(
  {
    configuration,
    discovery,
    identity,
    peers,
  }: {
    readonly configuration: Configuration;
    readonly discovery: Discovery;
    readonly identity: Identity;
    readonly peers: { readonly statuses: () => readonly MeasuredPeer[] };
  },
  version: string,
): MeasuredState {
  return {
    version,
    services: () => discovery.mesh().services.size,
    virtualServices: () => configuration.snapshot().tables.VirtualService.size,
    rootExpiresAt: () => identity.rootExpiresAt(),
    signingExpiresAt: () => identity.signingExpiresAt(),
    peers: peers.statuses,
    now: systemClock.now,
  };
}
