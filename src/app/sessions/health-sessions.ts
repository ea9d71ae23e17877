/** The sessions of Envoys that check the applications beside them: what each checks, and what it says of it. */

import type { Clock } from "../../base/clock.js";
import type { ResourceOf } from "../../config/kinds.js";
import {
  COMMAND_CLUSTER,
  NO_CHECKS,
  PROBE_CLUSTER,
  probeChecks,
} from "../../envoy/health-check.js";
import type { Encoder } from "../../envoy/resource/encoder.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import {
  commandProbe,
  type Health,
  type HealthProbe,
  healthProbe,
} from "../../mesh/workload/health-probe.js";
import type {
  EndpointHealth,
  HealthSession,
  HealthSessions,
} from "../../xds/health/health-session.js";
import { type AdmissionOptions, admitProxy } from "./admit-proxy.js";
import type { ProvedStreams } from "./proved-streams.js";

type WorkloadGroup = ResourceOf<"WorkloadGroup">;

/** What the sessions are made with. */
export interface HealthSessionsOptions extends AdmissionOptions {
  readonly streams: ProvedStreams;
  /** The group that a proxy belongs to now. */
  readonly groupOf: (proxy: Proxy) => WorkloadGroup | undefined;
  /** What was said last of the application of a proxy. */
  readonly healthOf: (proxy: Proxy) => Health | undefined;
  readonly report: (proxy: Proxy, health: Health) => void;
  readonly encoder: Pick<Encoder, "encode">;
  readonly clock: Pick<Clock, "now" | "at">;
}

/** See the top of this file. */
export interface ProxyHealthSessions extends HealthSessions {
  /** Groups may have changed: who checks something else now is told. */
  publish(): void;
}

/** Nobody yet. */
export function createHealthSessions(options: HealthSessionsOptions): ProxyHealthSessions {
  const open = new Set<() => void>();
  return {
    publish: () => {
      for (const onChange of open) onChange();
    },
    open: async (request): Promise<HealthSession> => {
      const { proxy, proof } = await admitProxy(request, options);
      if (proof === undefined) throw UNPROVED;
      const { onChange, refuse } = request;
      const endProof = options.streams.add(proof, refuse);
      const { checks, asked, stop } = createChecks(proxy, onChange, options);
      open.add(onChange);
      return {
        checks,
        reported: (endpoints) => {
          const health = healthIn(endpoints, asked());
          if (health !== undefined) options.report(proxy, health);
        },
        closed: () => {
          open.delete(onChange);
          stop();
          endProof();
        },
      };
    },
  };
}

const UNPROVED = new CallRefused(
  status.UNAUTHENTICATED,
  "the health of a workload is taken over TLS alone, from who proves to be its proxy",
);

/** See `envoy.config.core.v3.HealthStatus`. */
const HEALTHY = 1;
const TIMEOUT = 4;

/** What a report says of the application in the way in which it is to be asked now; undefined when it says nothing of it. */
function healthIn(
  endpoints: readonly EndpointHealth[],
  asked: string | undefined,
): Health | undefined {
  const found = endpoints.find(({ cluster }) => cluster === asked);
  if (found === undefined) return undefined;
  if (found.status === HEALTHY) return { healthy: true, reason: "" };
  return {
    healthy: false,
    reason: found.status === TIMEOUT ? "no answer in time" : "no right answer",
  };
}

/** What one Envoy checks. */
interface Checks extends Pick<HealthSession, "checks"> {
  /** What the application is called in the reports of who is to ask it now; undefined when nobody is. */
  readonly asked: () => string | undefined;
  readonly stop: () => void;
}

/** What an Envoy was told, and the group that it follows from. */
interface Told {
  readonly group: WorkloadGroup | undefined;
  readonly bytes: Buffer;
}

/** An application that nothing is known of is given the time of the probe's delay before it is asked. */
function createChecks(
  proxy: Proxy,
  onChange: () => void,
  { groupOf, healthOf, encoder, clock }: HealthSessionsOptions,
): Checks {
  const openedAt = clock.now();
  let told: Told | undefined;
  let stopWaiting = (): void => undefined;
  const isTooEarly = ({ delaySeconds }: HealthProbe): boolean => {
    const due = openedAt + 1000 * delaySeconds;
    if (due <= clock.now() || healthOf(proxy) !== undefined) return false;
    stopWaiting();
    stopWaiting = clock.at(due, onChange);
    return true;
  };
  return {
    asked: () => askedIn(groupOf(proxy)),
    stop: () => {
      stopWaiting();
    },
    checks: () => {
      const group = groupOf(proxy);
      const probe = probeIn(group);
      const isTold = told !== undefined && told.group === group;
      const isNothing = told === undefined && probe === undefined;
      if (isTold || isNothing || (probe !== undefined && isTooEarly(probe))) return told?.bytes;
      const json = probe === undefined ? NO_CHECKS : probeChecks(probe, proxy);
      told = { group, bytes: encoder.encode(SPECIFIER, json).bytes };
      return told.bytes;
    },
  };
}

const SPECIFIER = "envoy.service.health.v3.HealthCheckSpecifier";

const probeIn = (group: WorkloadGroup | undefined): HealthProbe | undefined =>
  group && healthProbe(group);

/** A command is run by an agent, and everything else by the Envoy. */
function askedIn(group: WorkloadGroup | undefined): string | undefined {
  if (group === undefined) return undefined;
  if (healthProbe(group) !== undefined) return PROBE_CLUSTER;
  return commandProbe(group) === undefined ? undefined : COMMAND_CLUSTER;
}
