/** Who comes in at the services for proxies: the sessions of discovery and of health. */
import { systemTimers } from "../ca/timers.js";
import type { Encoder } from "../envoy/encoder.js";
import { groupOf } from "../mesh/workload.js";
import type { Configuration } from "./configuration.js";
import type { Discovery } from "./discovery.js";
import { createHealthSessions, type ProxyHealthSessions } from "./health-sessions.js";
import type { Identity } from "./identity.js";
import { createProvedStreams, type ProvedStreams } from "./proved-streams.js";
import type { ProxyRegistry } from "./proxy-registry.js";
import { createProxySessions, type ProxySessions } from "./proxy-sessions.js";

/** What they are made with. */
export interface MeshSessionsOptions {
  readonly configuration: Configuration;
  readonly discovery: Discovery;
  readonly encoder: Encoder;
  readonly identity: Identity;
  readonly registry: ProxyRegistry;
}

/** See the top of this file. */
export interface MeshSessions extends Pick<ProvedStreams, "endRevoked"> {
  readonly proxies: ProxySessions;
  readonly health: ProxyHealthSessions;
}

/** Nobody yet. */
export function createMeshSessions({
  configuration,
  discovery,
  encoder,
  identity,
  registry,
}: MeshSessionsOptions): MeshSessions {
  const streams = createProvedStreams(systemTimers);
  const common = {
    authenticate: identity.authenticate,
    onRefused: identity.refused,
    streams,
    report: registry.report,
    timers: systemTimers,
  };
  const health = createHealthSessions({
    ...common,
    groupOf: (proxy) => groupOf(proxy, configuration.snapshot().tables.WorkloadGroup),
    healthOf: registry.healthOf,
    encoder,
  });
  let groups = configuration.snapshot().tables.WorkloadGroup;
  configuration.onSnapshot(({ snapshot: { tables } }) => {
    if (tables.WorkloadGroup === groups) return;
    groups = tables.WorkloadGroup;
    health.publish();
  });
  return {
    proxies: createProxySessions({
      ...common,
      secrets: identity.secrets,
      resourcesOf: (connected) => discovery.resourcesOf(connected),
      join: (proxy) => registry.connect(proxy),
    }),
    health,
    endRevoked: streams.endRevoked,
  };
}
