/** Who comes in at the services for proxies: the sessions of discovery and of health. */
import { steadyClock, systemClock } from "../../base/clock.js";
import type { Encoder } from "../../envoy/resource/encoder.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { groupOf, groupProblem } from "../../mesh/workload/group-member.js";
import type { Configuration } from "../configuration.js";
import type { Discovery } from "../discovery.js";
import type { Identity } from "../identity/identity.js";
import { createMeshRootsWithLists } from "../identity/listed-roots.js";
import type { ProxyRegistry } from "../registry/proxy-registry.js";
import { createForgetting, type Forgetting } from "../update/forgetting.js";
import { createHealthSessions, type ProxyHealthSessions } from "./health-sessions.js";
import { createProvedStreams, type ProvedStreams } from "./proved-streams.js";
import {
  createProxySessions,
  type ProxySessions,
  type ProxySessionsOptions,
} from "./proxy-sessions.js";

/** What they are made with. */
export interface MeshSessionsOptions {
  readonly configuration: Configuration;
  readonly discovery: Discovery;
  readonly encoder: Encoder;
  readonly identity: Identity;
  readonly registry: ProxyRegistry;
  readonly onFault: ProxySessionsOptions["onFault"];
  /** Told why a proxy that joins is none of the WorkloadGroup that it names. */
  readonly onStranger: (proxy: Proxy, problem: string) => void;
}

/** See the top of this file. */
export interface MeshSessions extends Pick<ProvedStreams, "endRevoked"> {
  readonly proxies: ProxySessions;
  readonly health: ProxyHealthSessions;
  /** Of what was made for proxies that are gone, or are not what they were. */
  readonly forgetting: Forgetting;
}

/** Nobody yet. */
export function createMeshSessions({
  configuration,
  discovery,
  encoder,
  identity,
  registry,
  onFault,
  onStranger,
}: MeshSessionsOptions): MeshSessions {
  const streams = createProvedStreams(systemClock);
  const common = {
    authenticate: identity.authenticate,
    onRefused: identity.refused,
    streams,
    report: registry.report,
    clock: steadyClock,
  };
  let groups = configuration.snapshot().tables.WorkloadGroup;
  const health = createHealthSessions({
    ...common,
    groupOf: (proxy) => groupOf(proxy, groups),
    healthOf: registry.healthOf,
    encoder,
  });
  configuration.onSnapshot(({ snapshot: { tables } }) => {
    if (tables.WorkloadGroup === groups) return;
    groups = tables.WorkloadGroup;
    health.publish();
  });
  const forgetting = createForgetting(steadyClock, () => {
    discovery.forgetOthers(proxies.connected().map(({ connected }) => connected.proxy));
  });
  const proxies = createProxySessions({
    ...common,
    onFault,
    onForgotten: forgetting.soon,
    secrets: identity.secrets,
    withMeshRoots: createMeshRootsWithLists(encoder),
    resourcesOf: (connected) => discovery.resourcesOf(connected),
    join: (proxy) => {
      const problem = groupProblem(proxy, groups);
      if (problem !== undefined) onStranger(proxy, problem);
      return registry.connect(proxy);
    },
  });
  return {
    proxies,
    health,
    forgetting,
    endRevoked: streams.endRevoked,
  };
}
