/** What the simulator makes of a request, as the models of routing ask for it. */
import type { Call } from "../../../src/simulator/call.js";
import type { ProxyConfiguration } from "../../../src/simulator/configuration.js";
import { forwardedRequest } from "../../../src/simulator/forwarded-request.js";
import type { Walk } from "../../../src/simulator/outcome.js";
import { walk } from "../../../src/simulator/simulate.js";
import type { HttpRequest } from "./objects.js";

/** See the top of this file. */
export interface Walked {
  readonly walk: Walk;
  /** Whether the proxy has a cluster. */
  readonly isKnown: (cluster: string) => boolean;
  /** The request as it goes to each of the clusters of the walk. */
  readonly forwarded: readonly Pick<HttpRequest, "path" | "authority" | "headers">[];
}

/** A call that is a request. */
export type RequestCall = Call & Required<Pick<Call, "request">>;

/** Walks what a proxy holds. */
export function walkedIn(configuration: ProxyConfiguration, call: RequestCall): Walked {
  const walked = walk(configuration, call);
  const { route } = walked.passed;
  const several = route?.route?.weightedClusters?.clusters ?? [];
  return {
    walk: walked,
    isKnown: (cluster) => configuration.clusters.has(cluster),
    forwarded:
      route === undefined
        ? []
        : walked.clusters.map((_, i) => forwardedRequest(call.request, route, several[i])),
  };
}
