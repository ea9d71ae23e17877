/** The clusters of a service as its callers see it: one for each port, and one for each subset of a port. */
import { isConfigMapCredential } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { ResourceRef } from "../../config/resource.js";
import { isWildcard } from "../../mesh/hostname.js";
import { selects } from "../../mesh/labels.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import {
  type LocalityCaller,
  type LocalityPolicy,
  localityBalancing,
} from "../../mesh/routing/locality-balancing.js";
import { callPolicy, type EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { PlaintextWorkloads } from "../../mesh/security/plaintext.js";
import { lookedUpPorts, type Service, type ServicePort } from "../../mesh/service/service.js";
import type { Workload } from "../../mesh/workload/workload.js";
import { any } from "../any.js";
import type { ClusterJson, MetadataJson } from "../api.js";
import { adsSource } from "../config-source.js";
import { hasCalledPods, podSubsets } from "../filter/called-pod.js";
import { configPath, originPath, outboundClusterName, sniOf } from "../names.js";
import type { Built } from "../resource/built.js";
import { reachedBy } from "./across-networks.js";
import { type ConnectionDefaults, connectionOptions } from "./connection.js";
import { forwardProxy, type LookUpCaller, ONLY, wildcardLookUp } from "./forward-proxy.js";
import { clusterEndpoints, loadAssignment, meshTlsBut, preferenceOf } from "./load-assignment.js";
import { commonLoadBalancing, loadBalancing } from "./load-balancing.js";
import { outlierDetection } from "./outlier-detection.js";
import { withProxyProtocol } from "./proxy-protocol.js";
import { statName } from "./stat-name.js";
import {
  meshAlpn,
  protocolOptions,
  type UpstreamPort,
  upstreamHttp,
  verifiesHost,
} from "./upstream-protocol.js";
import { type UpstreamTlsInput, upstreamTls } from "./upstream-tls.js";

/** What all clusters of a kind of client have in common. One object a kind, so that it can be a memo's key. */
export interface ClientTraits extends ConnectionDefaults, LookUpCaller {
  /** A gateway, not a sidecar. */
  readonly router: boolean;
  /** Connections are captured by the kernel, so that their original destination is known. */
  readonly captured: boolean;
  /** The mesh's, and those that it had or shares. */
  readonly trustDomains: readonly string[];
  readonly dnsRefreshRate: string;
  /** The pattern by which statistics name clusters; `""` for their own names. */
  readonly statName: string;
  /** Headers of HTTP/1.1 keep the letters in which they were written. */
  readonly keepsCase: boolean;
  /** Whether ports with HTTP/1.1 are called by HTTP/2, where the rule does not say. */
  readonly h2UpgradePolicy: "UPGRADE" | "DO_NOT_UPGRADE";
  readonly localityPolicy: LocalityPolicy;
  /** The mesh's, for TLS that is not the mesh's. */
  readonly tlsDefaults: MeshConfig["tlsDefaults"];
  /** How hosts are called that nobody declared, and which are looked up; in plaintext when absent. */
  readonly unknownTls?: MeshConfig["outboundTrafficPolicy"]["tls"];
  /** By which it shows itself to servers that speak TLS, where no rule says by which. */
  readonly credential?: string;
}

/** Everything that the clusters of one service depend on. */
export interface OutboundClusterInput {
  readonly service: Service;
  readonly rule: DestinationRule | undefined;
  /** The service's namespace is called in plaintext as a whole. */
  readonly plaintext: boolean;
  /** `namespace/account` of its workloads. */
  readonly accounts: readonly string[];
  /** Its workloads, for services that are found by DNS; others have them by EDS, and `[]` here. */
  readonly workloads: readonly Workload[];
  /** Those of these workloads that are called in plaintext. */
  readonly plaintextWorkloads: PlaintextWorkloads | undefined;
  /** All of its workloads take mutual TLS; asked where callers may bring the address themselves. */
  readonly allMeshTls: boolean;
  readonly client: ClientTraits;
  /** Whom the endpoints are ordered for; undefined for callers of no locality in particular. */
  readonly caller: LocalityCaller | undefined;
}

/** Whether some callers of a service may bring the address that they call. */
export function takesAddresses(service: Service, rule: DestinationRule | undefined): boolean {
  if (service.resolution === "none") return true;
  const policies = [rule?.spec.trafficPolicy, ...(rule?.spec.subsets ?? []).map(policyOf)];
  return policies.some(
    (policy) =>
      policy?.loadBalancer?.simple === "PASSTHROUGH" ||
      policy?.portLevelSettings?.some((one) => one.loadBalancer?.simple === "PASSTHROUGH") === true,
  );
}

const policyOf = <P>({ trafficPolicy }: { readonly trafficPolicy?: P }): P | undefined =>
  trafficPolicy;

type Discovery = "EDS" | "STRICT_DNS" | "LOGICAL_DNS" | "FORWARD_PROXY" | "ORIGINAL_DST";

const DNS_CLUSTER = "envoy.extensions.clusters.dns.v3.DnsCluster";

/** How the endpoints of a service are discovered by a client. See Istio, convertResolution. */
function discoveryOf(
  { service, client }: OutboundClusterInput,
  { number }: ServicePort,
  policy: EffectivePolicy,
): Discovery {
  const { resolution } = service;
  const passthrough = policy.loadBalancer?.simple === "PASSTHROUGH";
  if (client.captured && (resolution === "none" ? !client.router : passthrough)) {
    return "ORIGINAL_DST";
  }
  switch (resolution) {
    case "static":
      return "EDS";
    case "dns":
      return "STRICT_DNS";
    case "dns-round-robin":
      return "LOGICAL_DNS";
    case "dynamic-dns":
      return "FORWARD_PROXY";
    case "none":
      // Without a captured address the only ways to such a host are its own addresses and its name.
      if (lookedUpPorts(service, !client.captured && !client.router).has(number)) {
        return "FORWARD_PROXY";
      }
      return service.kubernetes || isWildcard(service.hostname) ? "EDS" : "STRICT_DNS";
  }
}

function metadata(input: OutboundClusterInput, subset: string): MetadataJson {
  const { service, rule } = input;
  const { hostname: host, name, namespace } = service;
  return {
    filterMetadata: {
      istio: {
        ...(rule === undefined
          ? {}
          : {
              config: ruleConfig(rule.source),
            }),
        ...(service.external ? { external: true } : {}),
        services: [{ host, name, namespace }],
        ...(subset === "" ? {} : { subset }),
      },
    },
  };
}

/** A rule that was made of something else is said to be that. */
const ruleConfig = (source: ResourceRef): string =>
  source.kind === "DestinationRule"
    ? configPath("destination-rule", source.namespace, source.name)
    : originPath(source);

interface InlineCluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: EffectivePolicy;
}

/** The endpoints that are part of the cluster itself, because Envoy resolves their names. */
function inlineEndpoints(
  input: OutboundClusterInput,
  port: ServicePort,
  { name, labels, policy }: InlineCluster,
) {
  const { service, caller } = input;
  const known = input.workloads.filter((workload) => selects(labels, workload.labels));
  const byName = service.resolution === "none" && known.length === 0;
  const workloads = byName ? hostItself(service) : known;
  return loadAssignment(
    name,
    reachedBy(caller, clusterEndpoints(workloads, port, meshTlsBut(input.plaintextWorkloads)), {
      service,
      policy,
    }),
    { preference: preferenceOf(policy, service, caller) },
  );
}

/** Where a host is: at its addresses, as far as each is written alone, else where its name leads. */
function hostItself(service: Service): readonly Workload[] {
  const alone = service.addresses.filter((address) => !address.includes("/"));
  return (alone.length > 0 ? alone : [service.hostname]).map((address) => ({
    name: "",
    namespace: service.namespace,
    address,
    labels: {},
    serviceAccount: "",
    locality: "",
    network: "",
    weight: 1,
    ports: {},
    namedPorts: {},
    ready: true,
    meshTls: false,
    source: service.source,
  }));
}

/** A ServiceEntry may have callers' addresses called on another port. See Istio, ServicePort.targetPort. */
function portOverride(
  { kubernetes, resolution }: Service,
  { number, targetPort }: ServicePort,
): Pick<ClusterJson, "originalDstLbConfig"> {
  const isOther = !kubernetes && resolution === "none" && typeof targetPort === "number";
  return isOther && targetPort !== number
    ? { originalDstLbConfig: { upstreamPortOverride: targetPort } }
    : {};
}

const hasOneEndpoint = ({ endpoints = [] }: ReturnType<typeof loadAssignment>): boolean =>
  endpoints.length === 1 && endpoints[0]?.lbEndpoints?.length === 1;

/** The port of a service whose endpoints are discovered, and how they are called. */
interface DiscoveredPort {
  readonly name: string;
  readonly port: ServicePort;
  readonly upstream: UpstreamPort;
}

function discovery(
  input: OutboundClusterInput,
  kind: Discovery,
  endpoints: () => ReturnType<typeof loadAssignment>,
  { name, port, upstream }: DiscoveredPort,
): ClusterJson {
  switch (kind) {
    case "EDS":
      return { type: "EDS", edsClusterConfig: { edsConfig: adsSource(), serviceName: name } };
    case "ORIGINAL_DST":
      return {
        type: "ORIGINAL_DST",
        lbPolicy: "CLUSTER_PROVIDED",
        ...portOverride(input.service, port),
      };
    case "FORWARD_PROXY": {
      const { hostname } = input.service;
      const lookUp = wildcardLookUp({ hostname, port: port.number }, input.client);
      return forwardProxy(lookUp, { isVerified: verifiesHost(upstream) });
    }
    case "STRICT_DNS":
    case "LOGICAL_DNS": {
      const assignment = endpoints();
      return {
        loadAssignment: assignment,
        clusterType: {
          name: "envoy.clusters.dns",
          typedConfig: any(DNS_CLUSTER, {
            dnsRefreshRate: input.client.dnsRefreshRate,
            dnsJitter: "0.100s",
            respectDnsTtl: true,
            dnsLookupFamily: ONLY[input.client.looksUp],
            // Envoy takes that of one endpoint alone: not of a network's gateways, nor of workloads that are none or several.
            allAddressesInSingleEndpoint: kind === "LOGICAL_DNS" && hasOneEndpoint(assignment),
          }),
        },
      };
    }
  }
}

function outliers({ outlierDetection: outlier }: EffectivePolicy): Partial<ClusterJson> {
  return outlier === undefined ? {} : { outlierDetection: outlierDetection(outlier) };
}

/** The identities that the servers may show: those of the workloads, and those that the service names. */
function identitiesOf({ service, accounts, client }: OutboundClusterInput): readonly string[] {
  const own = [...accounts, ...(service.serviceAccounts ?? [])].flatMap((account) => {
    const [namespace = "", name = ""] = account.split("/");
    return client.trustDomains.map((domain) => `spiffe://${domain}/ns/${namespace}/sa/${name}`);
  });
  return [...new Set([...own, ...service.subjectAltNames])];
}

/**
 * The policy as a client takes it, with the mesh's in place of what it leaves open. The Secret of a rule for all clients is
 * for gateways: where the servers are reached through one, a sidecar begins no TLS of its own. See Istio,
 * ClientTLSSettings.credentialName.
 */
function clientPolicy(
  { service, rule, client }: OutboundClusterInput,
  subset: string,
  port: number,
): EffectivePolicy {
  const policy = { ...client.policy, ...callPolicy({ rule, service }, subset, port) };
  const { mode, credentialName = "" } = policy.tls ?? {};
  const needsSecret =
    (mode === "SIMPLE" || mode === "MUTUAL") &&
    credentialName !== "" &&
    !isConfigMapCredential(credentialName);
  const isUsable = !needsSecret || client.router || rule?.spec.workloadSelector !== undefined;
  return isUsable ? policy : { ...policy, tls: { mode: "DISABLE" } };
}

/** Which endpoints take mutual TLS of the mesh, where it is for us to find out. */
function meshTlsOf(
  kind: Discovery,
  { allMeshTls }: OutboundClusterInput,
): UpstreamTlsInput["meshTls"] {
  switch (kind) {
    case "ORIGINAL_DST":
      return allMeshTls ? "all" : "none";
    case "FORWARD_PROXY":
      return "none";
    default:
      return "by-endpoint";
  }
}

/** Among which endpoints the load balancer chooses, where it is for it to choose. */
function preselection(
  { service, client }: OutboundClusterInput,
  policy: EffectivePolicy,
  isChosen: boolean,
): Pick<ClusterJson, "commonLbConfig" | "lbSubsetConfig"> {
  const locality = isChosen
    ? undefined
    : localityBalancing(policy, service, client.localityPolicy.setting);
  const commonLbConfig = commonLoadBalancing(service, policy.outlierDetection, locality);
  return {
    commonLbConfig,
    ...(hasCalledPods(service, client) ? { lbSubsetConfig: podSubsets(commonLbConfig) } : {}),
  };
}

/** The cluster of a port, or of a subset of it (`""` for all). */
function outboundCluster(
  input: OutboundClusterInput,
  port: ServicePort,
  subset: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): Built<ClusterJson> {
  const { service, rule, client } = input;
  const key = { port: port.number, subset: subset.name, hostname: service.hostname };
  const name = outboundClusterName(key);
  const policy = clientPolicy(input, subset.name, port.number);
  const kind = discoveryOf(input, port, policy);
  // Who is called says the call.
  const isChosen = kind === "ORIGINAL_DST" || kind === "FORWARD_PROXY";
  const upstream = {
    protocol: port.protocol,
    pool: policy.connectionPool,
    tls: policy.tls,
    router: client.router,
    keepsCase: client.keepsCase,
    upgrade: client.h2UpgradePolicy,
    lookedUp: kind === "FORWARD_PROXY",
  };
  const identities = identitiesOf(input);
  const json: ClusterJson = {
    name,
    altStatName: statName(client.statName, name, { service, port, subset: subset.name }),
    ...discovery(
      input,
      kind,
      () => inlineEndpoints(input, port, { name, labels: subset.labels, policy }),
      { name, port, upstream },
    ),
    ...connectionOptions(policy, client),
    ...outliers(policy),
    ...(isChosen ? {} : loadBalancing(policy.loadBalancer)),
    ...preselection(input, policy, isChosen),
    ...protocolOptions(upstream),
    ...withProxyProtocol(
      upstreamTls({
        settings: policy.tls,
        external: service.external,
        autoMtls: client.localityPolicy.autoMtls,
        plaintext: input.plaintext,
        meshTls: meshTlsOf(kind, input),
        sni: sniOf(key),
        alpn: meshAlpn(upstream),
        applicationAlpn: upstreamHttp(upstream) === "http2" ? ["h2"] : [],
        identities,
        declaredNames: service.kubernetes ? [] : identities,
        serverRoots: service.serverRoots,
        trustDomains: client.trustDomains,
        defaults: client.tlsDefaults,
        credential: client.credential,
      }),
      policy.proxyProtocol,
    ),
    metadata: metadata(input, subset.name),
  };
  return { name, json, sources: sourcesOf(service, rule) };
}

function sourcesOf(service: Service, rule: DestinationRule | undefined): readonly ResourceRef[] {
  return rule === undefined ? [service.source] : [service.source, ...rule.sources];
}

/** All clusters of a service. UDP ports have none. */
export function outboundClusters(input: OutboundClusterInput): readonly Built<ClusterJson>[] {
  const { subsets = [] } = input.rule?.spec ?? {};
  const named = subsets.map(({ name, labels = {} }) => ({ name, labels }));
  const all = [{ name: "", labels: {} }, ...named];
  return input.service.ports
    .filter(({ protocol }) => protocol !== "UDP")
    .flatMap((port) => all.map((subset) => outboundCluster(input, port, subset)));
}
