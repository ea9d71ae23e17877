/** The filters that enforce a workload's security policies, and the clusters that these filters call. */
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import { refOf } from "../../config/resource.js";
import type { AppliedPolicies } from "../../mesh/security/applied-policies.js";
import type { ProviderHosts } from "../../mesh/security/security-policies.js";
import type { ClusterJson, FilterJson, HttpFilterJson } from "../api.js";
import { authorizationFilters } from "../authorization/authorization.js";
import { authorizerClusters } from "../authorization/custom.js";
import {
  type KeyServer,
  keyServerCluster,
  keyServerClusterName,
} from "../cluster/key-server-cluster.js";
import { outboundClusterName } from "../names.js";
import type { Built } from "../resource/built.js";
import { sharedConfig } from "../wire/shared-message.js";
import { jwtAuthnFilter, jwtRules, keyServerOf } from "./jwt-authn.js";

/** See the top of this file. */
export interface SecurityFilters {
  /** Of connection managers, before all others. */
  readonly http: readonly HttpFilterJson[];
  /** Of connections that carry no HTTP, before all others. */
  readonly network: readonly FilterJson[];
  /** Of the servers of keys that no service of the mesh is. */
  readonly clusters: readonly Built<ClusterJson>[];
  /** The names of the clusters of services to which the filters may send requests. */
  readonly services: readonly string[];
}

/** Everything that they depend on. */
export interface SecurityInputs {
  readonly policies: AppliedPolicies;
  readonly config: MeshConfig;
  readonly hosts: ProviderHosts;
  readonly router: boolean;
  /** Of the clusters that the policies could use those that the proxy has, one a line. */
  readonly available: string;
}

/** The cluster of the service that a server of keys is, when it is one and speaks for itself. */
const serviceCluster = ({ host, port }: KeyServer): string =>
  outboundClusterName({ port, subset: "", hostname: host });

const customPolicies = ({ authorization }: AppliedPolicies): AppliedPolicies["authorization"] =>
  authorization.filter(({ spec }) => spec.action === "CUSTOM");

/** The clusters of services that policies could use. */
export function usefulClusters(
  policies: AppliedPolicies,
  { extensionProviders }: MeshConfig,
  hosts: ProviderHosts,
): readonly string[] {
  const authorizers = {
    providers: extensionProviders,
    hostOf: (service: string) => hosts.get(service),
  };
  const servers = jwtRules(policies.requestAuthentication).flatMap(
    (rule) => keyServerOf(rule) ?? [],
  );
  return [
    ...authorizerClusters(customPolicies(policies), authorizers),
    ...servers.filter(({ tls }) => !tls).map(serviceCluster),
  ];
}

/** One object, so that most edits of policies leave what is made of them. */
const NO_CLUSTERS: readonly Built<ClusterJson>[] = [];

function ownClusters(
  { requestAuthentication }: AppliedPolicies,
  config: MeshConfig,
  isService: (server: KeyServer) => boolean,
): readonly Built<ClusterJson>[] {
  const clusters = new Map<string, Built<ClusterJson>>();
  for (const policy of requestAuthentication) {
    for (const rule of policy.spec.jwtRules ?? []) {
      const server = keyServerOf(rule);
      if (server === undefined || isService(server)) continue;
      const name = keyServerClusterName(server);
      const json = keyServerCluster(server, config);
      clusters.set(name, { name, json, sources: [refOf(policy)] });
    }
  }
  return clusters.size === 0 ? NO_CLUSTERS : [...clusters.values()];
}

/** The filters of policies in Istio's order: custom decisions, tokens, audit, deny, allow. */
export function securityFilters(inputs: SecurityInputs): SecurityFilters {
  const { policies, config, hosts, router } = inputs;
  const available = new Set(inputs.available.split("\n").filter((name) => name !== ""));
  const { custom, http, network } = authorizationFilters(policies.authorization, {
    trustDomains: [config.trustDomain, ...config.trustDomainAliases],
    providers: config.extensionProviders,
    hostOf: (service) => hosts.get(service),
    hasCluster: (name) => available.has(name),
  });
  // Keys come by TLS from the server itself, whatever else calls it.
  const isService = (server: KeyServer): boolean =>
    !server.tls && available.has(serviceCluster(server));
  const tokens = jwtAuthnFilter(jwtRules(policies.requestAuthentication), {
    clusterOf: (server) =>
      isService(server) ? serviceCluster(server) : keyServerClusterName(server),
    router,
  });
  return {
    http: [...custom, ...(tokens === undefined ? [] : [tokens]), ...http].map(sharedConfig),
    network: network.map(sharedConfig),
    clusters: ownClusters(policies, config, isService),
    services: [...available],
  };
}
