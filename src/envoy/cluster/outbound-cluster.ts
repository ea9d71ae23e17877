/** The clusters of a service as its callers see it: one for each port, and one for each subset of a port. */
import { isConfigMapCredential } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { ResourceRef } from "../../config/resource.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import { localityBalancing } from "../../mesh/routing/locality-balancing.js";
import { callPolicy, type EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { Service, ServicePort } from "../../mesh/service/service.js";
import type { ClusterJson, MetadataJson } from "../api.js";
import { hasCalledPods, podSubsets } from "../filter/called-pod.js";
import { configPath, originPath, outboundClusterName, sniOf } from "../names.js";
import type { Built } from "../resource/built.js";
import { connectionOptions } from "./connection.js";
import { type DiscoveryType, discoveryFields, discoveryOf } from "./discovery.js";
import { inlineEndpoints } from "./inline-endpoints.js";
import { commonLoadBalancing, loadBalancing } from "./load-balancing.js";
import type { OutboundClusterInput } from "./outbound-cluster-input.js";
import { outlierDetection } from "./outlier-detection.js";
import { withProxyProtocol } from "./proxy-protocol.js";
import { statName } from "./stat-name.js";
import { meshAlpn, protocolOptions, upstreamHttp } from "./upstream-protocol.js";
import { type UpstreamTlsInput, upstreamTls } from "./upstream-tls.js";

function metadata(input: OutboundClusterInput, subset: string): MetadataJson {
  const { service, rule } = input;
  const { hostname: host, name, namespace } = service;
  return {
    filterMetadata: {
      istio: {
        ...(rule === undefined ? {} : { config: ruleConfig(rule.source) }),
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
  kind: DiscoveryType,
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
    ...discoveryFields(
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
