/** The part of a sidecar's configuration that concerns its own workload: how calls reach the application. */
import type { FieldNames } from "../../base/engine/call.js";
import type { Engine } from "../../base/engine/engine.js";
import type { Lazy } from "../../base/lazy.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import { type ResourceRef, refOf } from "../../config/resource.js";
import type { Mesh } from "../../mesh/mesh.js";
import {
  type ConnectionSettings,
  connectionSettings,
} from "../../mesh/proxy/connection-settings.js";
import { type HttpSettings, httpSettings } from "../../mesh/proxy/http-settings.js";
import { type AddressFamilies, familiesOf, type Proxy } from "../../mesh/proxy/proxy.js";
import type { OwnRule } from "../../mesh/routing/own-rules.js";
import { policyDefaults } from "../../mesh/routing/traffic-policy.js";
import {
  type AppliedAuthentication,
  type DecidedMode,
  decideMode,
  portsWithMode,
} from "../../mesh/security/peer-authentication.js";
import { portPart, type Service } from "../../mesh/service/service.js";
import { sidecarOf } from "../../mesh/sidecar/sidecar.js";
import { targetPortOf } from "../../mesh/workload/service-endpoints.js";
import { proxyWorkload, type Workload, type WorkloadPorts } from "../../mesh/workload/workload.js";
import type { ClusterJson } from "../api.js";
import {
  type ApplicationAddress,
  type InboundPort,
  inboundCluster,
} from "../cluster/inbound-cluster.js";
import { inboundPassthroughCluster } from "../cluster/static-cluster.js";
import { goDuration } from "../duration.js";
import type { SecurityFilters } from "../filter/security-filters.js";
import { ANY_ADDRESS, listenAt } from "../listener/address.js";
import { type InboundSettings, inboundShared } from "../listener/inbound-filters.js";
import {
  type InboundListenerOptions,
  inboundListener,
  type SecuredPort,
  virtualInboundListener,
} from "../listener/inbound-listener.js";
import { inboundClusterName, RESERVED_PORTS, VIRTUAL_INBOUND } from "../names.js";
import { type Built, madeOr } from "../resource/built.js";
import { encodePlanned, type PlannedListener } from "../resource/encode-listener.js";
import { encodeResource } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import { type ResourceSet, resourceSet } from "../resource/resource-set.js";
import type { ProxyLogs } from "../telemetry/proxy-logs.js";
import type { SecretResources } from "../tls/secret-resources.js";
import { type PoolFinder, poolFinder } from "./connection-pool.js";
import { ingressPorts } from "./ingress-ports.js";
import type { WorkloadContext } from "./workload-context.js";

/** What a sidecar has for its own application. */
export interface InboundPart {
  readonly clusters: ResourceSet;
  /** Made when they are asked for: a fault in one of them is none of all else that a proxy is sent. */
  readonly listeners: Lazy<ResourceSet>;
  /** What is in the files that its Sidecar names. */
  readonly secrets: ResourceSet;
}

const NO_SECRETS: ResourceSet = resourceSet([]);
const NO_PORT_HAS_A_POLICY = 0;

/** What of a mesh is about one proxy's own workload. */
export interface WorkloadFacts {
  /** The services that its workload serves. */
  readonly served: readonly Service[];
  /** On which ports its workload is reached. */
  readonly workload: WorkloadPorts;
  /** The rules for the services of the proxy's namespace that limit connections. */
  readonly rules: OwnRulesOfNamespace | undefined;
  /** What says which calls of mutual TLS, or of plaintext, it takes. */
  readonly authentication: AppliedAuthentication;
}

/** What of a mesh concerns a proxy's own workload, and nothing else of it. */
export interface WorkloadMesh extends WorkloadContext, WorkloadFacts {}

type OwnRulesOfNamespace = Table<readonly OwnRule[]>;

/** Everything that an inbound part depends on. */
export interface InboundInputs extends WorkloadFacts {
  readonly proxy: Proxy;
  readonly sidecar: ResourceOf<"Sidecar"> | undefined;
  readonly config: MeshConfig;
  readonly trustDomains: Mesh["peerTrustDomains"];
  readonly logs: ProxyLogs;
  readonly security: SecurityFilters;
}

/** What of a mesh an inbound part depends on. */
export function inboundInputs(
  mesh: WorkloadMesh,
  proxy: Proxy,
  { logs, security }: Pick<InboundInputs, "logs" | "security">,
): InboundInputs {
  const { served, workload, rules, authentication, config } = mesh;
  return {
    proxy,
    served,
    workload,
    rules,
    authentication,
    sidecar: sidecarOf(mesh.sidecars, proxy),
    config,
    trustDomains: mesh.peerTrustDomains,
    logs,
    security,
  };
}

/** The workload behind a proxy, as Pods and WorkloadEntries describe it. */
export function workloadOf(proxy: Proxy, workloads: Table<Workload> | undefined): Workload {
  const [, first] = workloads?.sorted()[0] ?? [];
  return first ?? proxyWorkload(proxy, undefined);
}

/** The ports of a workload; where two services name one port, the older service says what it carries. */
function inboundPorts(
  services: readonly Service[],
  workload: WorkloadPorts,
  poolOf: PoolFinder,
): readonly InboundPort[] {
  const ports = new Map<number, InboundPort>();
  const older = [...services].sort((a, b) => (precedence(a) < precedence(b) ? -1 : 1));
  for (const service of older) {
    for (const port of service.ports) {
      const targetPort = targetPortOf(workload, port);
      if (targetPort === undefined || port.protocol === "UDP") continue;
      const { hostname: host, name, namespace } = service;
      const { pool, sources } = poolOf(service, port.number);
      const { number: servicePort, protocol } = port;
      const known = ports.get(targetPort) ?? {
        targetPort,
        servicePort,
        protocol,
        services: [],
        subject: { service, port, targetPort },
        sources,
        parts: [],
        pool,
      };
      const isNew =
        servicePort === known.servicePort && known.services.every((one) => one.host !== host);
      ports.set(targetPort, {
        ...known,
        services: isNew ? [...known.services, { host, name, namespace }] : known.services,
        sources: [...known.sources, service.source],
        parts: [...known.parts, portPart(service, port)],
      });
    }
  }
  return [...ports.values()].sort((a, b) => a.targetPort - b.targetPort);
}

/** A service without a time counts as older than one with: a space sorts before digits. */
const precedence = (service: Service): string => `${service.creationTimestamp} ${service.hostname}`;

/** What the ports of a workload depend on. */
type PortInputs = Pick<InboundInputs, "proxy" | "served" | "workload" | "rules" | "sidecar">;

const PORT_INPUTS: FieldNames<PortInputs> = {
  proxy: true,
  served: true,
  workload: true,
  rules: true,
  sidecar: true,
};

/** The ports that a Sidecar names, else those of the services. */
function portsOf(inputs: PortInputs): readonly InboundPort[] {
  const { sidecar, proxy, served: services } = inputs;
  const listed = (proxy.metadata["INSTANCE_IPS"] ?? "").split(",");
  const poolOf = poolFinder(inputs);
  const addresses = [proxy.address, ...listed];
  const application = proxy.mode === "NONE" ? proxy.appAddress : undefined;
  const own = sidecar && ingressPorts(sidecar, { services, addresses, application, poolOf });
  return own ?? inboundPorts(services, inputs.workload, poolOf);
}

/** Where the application is, unless a Sidecar says it of a port. See Istio, MeshConfig.inboundTrafficPolicy. */
function applicationOf({ proxy, config, sidecar }: ClusterInputs): ApplicationAddress {
  if (proxy.mode === "NONE") return { address: proxy.appAddress };
  const isListed = (sidecar?.spec.ingress ?? []).length > 0;
  return config.inboundTrafficPolicy.mode === "LOCALHOST" && !isListed
    ? { address: LOCALHOST[familiesOf(proxy)] }
    : { captured: true };
}

const LOCALHOST: Readonly<Record<AddressFamilies, string>> = {
  ipv4: "127.0.0.1",
  ipv6: "::1",
  both: "127.0.0.1",
};

/** What the clusters depend on: edits of policies leave them. */
interface ClusterInputs extends Pick<InboundInputs, "proxy" | "sidecar" | "config"> {
  readonly ports: readonly InboundPort[];
  /** Those of the servers that policies ask. */
  readonly forPolicies: SecurityFilters["clusters"];
}

const CLUSTER_INPUTS: FieldNames<ClusterInputs> = {
  proxy: true,
  sidecar: true,
  config: true,
  ports: true,
  forPolicies: true,
};

function clustersOf(inputs: ClusterInputs): readonly Built<ClusterJson>[] {
  const { proxy, config, ports, forPolicies } = inputs;
  const { connectTimeout, tcpKeepalive } = config;
  const policy = policyDefaults(config.defaultTrafficPolicy);
  const { preserveHttp1HeaderCase: keepsCase = false } = httpSettings(config, proxy);
  const captured = proxy.mode !== "NONE";
  const application = applicationOf(inputs);
  const statName = config.inboundClusterStatName ?? "";
  const families = familiesOf(proxy);
  const defaults = { connectTimeout, tcpKeepalive, policy, keepsCase, statName, families };
  const own = [
    ...ports.map((port) => {
      const sources = sourcesOf(inputs, [port]);
      const name = inboundClusterName(port.targetPort);
      return madeOr(
        () => ({ ...inboundCluster(port, application, defaults), sources }),
        (fault) => ({ name, json: {}, sources, fault }),
      );
    }),
    ...forPolicies,
  ];
  if (!captured) return own;
  const json = inboundPassthroughCluster(defaults, families);
  return [...own, { name: json.name ?? "", json, sources: [] }];
}

/** Whether a port is one of the sidecar itself: what is called there is no application's. See Istio, CanBindToPort. */
const isReserved = ({ targetPort, bind = ANY_ADDRESS, bound = false }: InboundPort): boolean =>
  (!bound || bind === ANY_ADDRESS) && RESERVED_PORTS.has(targetPort);

const isBound = ({ port }: SecuredPort): boolean => port.bound === true;

/** The listeners to which connections are addressed: each port's own. */
function boundListeners(
  inputs: InboundInputs,
  ports: readonly SecuredPort[],
  options: InboundListenerOptions,
): readonly PlannedListener[] {
  const { proxy } = inputs;
  return ports
    .filter(({ port }) => !(proxy.unprivileged && port.targetPort < 1024))
    .map((one) => {
      const at = { address: one.port.bind ?? proxy.address, port: one.port.targetPort };
      return {
        name: listenAt(at).name,
        sources: sourcesOf(inputs, [one.port]),
        make: () => inboundListener(one, at, options),
      };
    });
}

/** What says how the listeners of a sidecar deal with connections: most sidecars have the same. */
interface SettingInputs
  extends Pick<InboundInputs, "config" | "trustDomains" | "logs" | "security"> {
  readonly headers: HttpSettings;
  readonly connections: ConnectionSettings;
}

const SETTING_INPUTS: FieldNames<SettingInputs> = {
  security: true,
  logs: true,
  config: true,
  trustDomains: true,
  headers: true,
  connections: true,
};

/** What listeners have in common, but for the family of their addresses. */
type CommonOptions = Omit<InboundListenerOptions, "families">;

function commonOptions(inputs: SettingInputs): CommonOptions {
  const { config, trustDomains, logs, security, headers, connections } = inputs;
  const settings: InboundSettings = {
    ...logs,
    security,
    pathNormalization: config.pathNormalization.normalization,
    headers,
    connections,
    retries: config.defaultInboundHttpRetryPolicy,
    detectionTimeout: goDuration(config.protocolDetectionTimeout) ?? "0s",
    tls: { trustDomains, meshMTLS: config.meshMTLS, tlsDefaults: config.tlsDefaults },
  };
  return { ...settings, ...inboundShared(settings) };
}

function listenersOf(
  inputs: InboundInputs,
  ports: readonly InboundPort[],
  commonOf: (inputs: SettingInputs) => CommonOptions,
): readonly PlannedListener[] {
  const { proxy, authentication, config, trustDomains, logs, security } = inputs;
  const decidedFor = (port: number): DecidedMode => decideMode(authentication, port);
  const own = ports.filter((port) => !isReserved(port));
  const served = new Set(own.map(({ targetPort }) => targetPort));
  const secured = own.map((port): SecuredPort => ({ port, decided: decidedFor(port.targetPort) }));
  const headers = httpSettings(config, proxy);
  const connections = connectionSettings(proxy, "inbound");
  const common = commonOf({ security, logs, config, trustDomains, headers, connections });
  const options: InboundListenerOptions = { ...common, families: familiesOf(proxy) };
  if (proxy.mode !== "NONE") {
    const others = portsWithMode(authentication).filter((port) => !served.has(port));
    const passthrough = {
      decided: decidedFor(NO_PORT_HAS_A_POLICY),
      ports: others.map((port) => ({ port, decided: decidedFor(port) })),
    };
    const captured = secured.filter(({ port }) => port.bound !== true);
    return [
      {
        name: VIRTUAL_INBOUND,
        sources: sourcesOf(inputs, ports),
        make: () => virtualInboundListener(captured, passthrough, options),
      },
      ...boundListeners(inputs, secured.filter(isBound), options),
    ];
  }
  return boundListeners(inputs, secured, options);
}

/** What says how calls reach ports of the application: its Sidecar, and the services that are served. */
function sourcesOf(
  { sidecar }: Pick<InboundInputs, "sidecar">,
  ports: readonly InboundPort[],
): readonly ResourceRef[] {
  const services = ports.flatMap((port) => port.sources);
  return sidecar === undefined ? services : [refOf(sidecar), ...services];
}

/** The builder of inbound parts. */
export function createInboundPart(
  engine: Engine,
  encoder: Encoder,
  { filesOfSidecar }: Pick<SecretResources, "filesOfSidecar">,
): (inputs: InboundInputs) => InboundPart {
  const common = engine.memoFields("common of inbound listeners", SETTING_INPUTS, commonOptions);
  const portsIn = engine.memoFields("inbound ports", PORT_INPUTS, portsOf);
  const clustersIn = engine.memoFields(
    "inbound clusters",
    CLUSTER_INPUTS,
    (inputs: ClusterInputs) =>
      resourceSet(
        clustersOf(inputs).map((cluster) => encodeResource(encoder, MESSAGE.cluster, cluster)),
      ),
  );
  const secretsIn = engine.memo("secrets of a sidecar's ports", (sidecar: ResourceOf<"Sidecar">) =>
    resourceSet(filesOfSidecar(sidecar)),
  );
  return engine.memoFields<InboundInputs, InboundPart>(
    "inbound part",
    {
      proxy: true,
      served: true,
      workload: true,
      rules: true,
      authentication: true,
      sidecar: true,
      config: true,
      trustDomains: true,
      logs: true,
      security: true,
    },
    (inputs) => {
      const { proxy, sidecar, config, security } = inputs;
      const ports = portsIn(inputs);
      const listeners = () =>
        listenersOf(inputs, ports, common).flatMap((plan) => encodePlanned(encoder, plan) ?? []);
      return {
        clusters: clustersIn({ proxy, ports, sidecar, config, forPolicies: security.clusters }),
        listeners: engine.lazy(() => resourceSet(listeners())),
        secrets: sidecar === undefined ? NO_SECRETS : secretsIn(sidecar),
      };
    },
  );
}
