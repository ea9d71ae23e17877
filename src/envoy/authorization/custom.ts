/** AuthorizationPolicies of the action CUSTOM, whose decision an external authorizer makes. */

import type { ExtensionProvider } from "../../config/mesh-config/extension-provider.js";
import {
  authorizerProblem,
  type ExternalAuthorizer,
  externalAuthorizer,
} from "../../config/mesh-config/external-authorizer.js";
import type { FilterJson, HttpFilterJson, RBACJson } from "../api.js";
import { outboundClusterName } from "../names.js";
import {
  type AuthorizerAddress,
  EXT_AUTHZ_NOTES,
  extAuthzHttpFilter,
  extAuthzNetworkFilter,
  ruleNamePrefix,
} from "./ext-authz.js";
import {
  type Policy,
  type RulesContext,
  rbacHttpFilter,
  rbacNetworkFilter,
  rbacRules,
} from "./rbac.js";

/** Which external authorizers there are, and which of them a proxy can call. */
export interface Authorizers {
  readonly providers: readonly ExtensionProvider[];
  /** The host of a service as a provider names it; undefined when there is no such service. */
  readonly hostOf: (service: string) => string | undefined;
  /** Whether the proxy has a cluster of this name. */
  readonly hasCluster: (name: string) => boolean;
}

/** What custom policies depend on beside themselves. */
export type CustomContext = Authorizers & Pick<RulesContext, "trustDomains">;

/** The filters by which a proxy asks. */
export interface CustomFilters {
  readonly http: readonly HttpFilterJson[];
  readonly network: readonly FilterJson[];
}

interface Found {
  readonly authorizer: ExternalAuthorizer;
  readonly address: AuthorizerAddress;
}

const providerOf = ({ spec }: Policy): string => spec.provider?.name ?? "";

/** The cluster by which an authorizer is asked; undefined when its service is not known. */
function addressOf(
  { settings: { service, port } }: ExternalAuthorizer,
  hostOf: Authorizers["hostOf"],
): AuthorizerAddress | undefined {
  const hostname = hostOf(service);
  if (hostname === undefined) return undefined;
  return { hostname, cluster: outboundClusterName({ port, subset: "", hostname }) };
}

function find(
  name: string,
  { providers, hostOf }: Pick<Authorizers, "providers" | "hostOf">,
): Found | undefined {
  const provider = providers.find((one) => one.name === name);
  const authorizer = provider && externalAuthorizer(provider);
  if (authorizer === undefined || authorizerProblem(authorizer) !== undefined) return undefined;
  const address = addressOf(authorizer, hostOf);
  return address && { authorizer, address };
}

/** The clusters that the proxy of a workload with these policies needs. */
export function authorizerClusters(
  policies: readonly Policy[],
  authorizers: Pick<Authorizers, "providers" | "hostOf">,
): readonly string[] {
  const names = new Set(policies.map(providerOf));
  return [...names].flatMap((name) => find(name, authorizers)?.address.cluster ?? []);
}

/** Denies what the rules of a policy are for whose authorizer cannot be asked: without its filter everything would be let through. */
function denied(rules: RBACJson): RBACJson {
  const policies = Object.entries(rules.policies ?? {}).map(([name, policy]) => [
    `${name}-deny-due-to-bad-CUSTOM-action`,
    policy,
  ]);
  return { ...rules, policies: Object.fromEntries(policies) as RBACJson["policies"] & object };
}

function filtersOf(
  provider: string,
  found: Found | undefined,
  rules: { readonly http: RBACJson; readonly tcp: RBACJson },
): CustomFilters {
  if (found === undefined) {
    return {
      http: [rbacHttpFilter({ rules: denied(rules.http) })],
      network: [rbacNetworkFilter({ rules: denied(rules.tcp) })],
    };
  }
  const { authorizer, address } = found;
  const noted = (shadowRules: RBACJson) => ({
    shadowRules,
    shadowRulesStatPrefix: EXT_AUTHZ_NOTES,
  });
  const network = extAuthzNetworkFilter(provider, authorizer, address);
  return {
    http: [rbacHttpFilter(noted(rules.http)), extAuthzHttpFilter(provider, authorizer, address)],
    network: network === undefined ? [] : [rbacNetworkFilter(noted(rules.tcp)), network],
  };
}

/**
 * The filters of a workload's CUSTOM policies: an RBAC filter notes in metadata which rule a request is for, and an external
 * authorization filter behind it asks the rule's provider. Requests are denied where the provider does not exist or its service
 * cannot be called; also where the policies of one workload name several providers, as in Istio, unless
 * PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS is set.
 */
export function customFilters(policies: readonly Policy[], context: CustomContext): CustomFilters {
  const names = [...new Set(policies.map(providerOf))].sort();
  const all = names.map((name) => {
    const own = policies.filter((policy) => providerOf(policy) === name);
    const rulesFor = (tcp: boolean): RBACJson =>
      rbacRules(
        own,
        { trustDomains: context.trustDomains, tcp, action: "DENY" },
        (rule) => `${ruleNamePrefix(name)}-${rule}`,
      );
    const found = names.length > 1 ? undefined : find(name, context);
    const isReachable = found !== undefined && context.hasCluster(found.address.cluster);
    return filtersOf(name, isReachable ? found : undefined, {
      http: rulesFor(false),
      tcp: rulesFor(true),
    });
  });
  return {
    http: all.flatMap(({ http }) => http),
    network: all.flatMap(({ network }) => network),
  };
}
