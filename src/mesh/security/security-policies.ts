/** The security policies of a mesh, by where they may apply, and the services that they call upon. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { externalAuthorizer } from "../../config/mesh-config/external-authorizer.js";
import { logServiceOf } from "../../config/mesh-config/log-service.js";
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import { hostsMeant, ownTracer } from "../../config/mesh-config/own-tracer.js";
import { tracerOf } from "../../config/mesh-config/tracer.js";
import type { ConfigResource } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { isWildcard } from "../hostname.js";
import type { Service } from "../service/service.js";
import { type IssuerKeys, withIssuerKeys } from "./issuer-keys.js";

/** The host of each service that providers name, by that name; one that is not known, or not only one, is left out. */
export type ProviderHosts = ReadonlyMap<string, string>;

/** See the top of this file. */
export interface SecurityPolicies {
  /** By namespace, then by `namespace/name`. */
  readonly authorization: Table<Table<ResourceOf<"AuthorizationPolicy">>>;
  /** By namespace, then by `namespace/name`. */
  readonly requestAuthentication: Table<Table<ResourceOf<"RequestAuthentication">>>;
  readonly providerHosts: ProviderHosts;
}

const namespaceOf = ({ metadata }: ConfigResource): readonly string[] => [metadata.namespace];

const NO_ISSUER_KEYS: IssuerKeys = Table.empty();

/** The builder of these. */
export function createSecurityPolicies(
  engine: Engine,
): (
  tables: ResourceTables,
  config: MeshConfig,
  servicesByHost: Table<Table<Service>>,
  issuerKeys: IssuerKeys | undefined,
) => SecurityPolicies {
  const authorization = engine.group<ResourceOf<"AuthorizationPolicy">>(
    "authorization policies by namespace",
    namespaceOf,
  );
  const withKeys = engine.derive<
    [ResourceOf<"RequestAuthentication">],
    [IssuerKeys],
    ResourceOf<"RequestAuthentication">
  >("request authentications with keys", (_key, [policy], keys) =>
    policy === undefined ? undefined : withIssuerKeys(policy, keys),
  );
  const requestAuthentication = engine.group<ResourceOf<"RequestAuthentication">>(
    "request authentications by namespace",
    namespaceOf,
  );
  const settleHosts = engine.settle<ProviderHosts>(sameProviderHosts);
  const settle = engine.settle<SecurityPolicies>((a, b) =>
    sameElements(Object.values(a), Object.values(b)),
  );
  return (tables, config, servicesByHost, issuerKeys = NO_ISSUER_KEYS) =>
    settle({
      authorization: authorization(tables.AuthorizationPolicy),
      requestAuthentication: requestAuthentication(
        withKeys([tables.RequestAuthentication], issuerKeys),
      ),
      providerHosts: settleHosts(providerHosts(config, servicesByHost)),
    });
}

/** Finds the services of the providers that are asked about requests, or told of them. See Istio, model.LookupCluster. */
function providerHosts(config: MeshConfig, servicesByHost: Table<Table<Service>>): ProviderHosts {
  const names = config.extensionProviders.flatMap((provider) => {
    const called = externalAuthorizer(provider) ?? tracerOf(provider) ?? logServiceOf(provider);
    return called?.settings.service ?? [];
  });
  const hosts = new Map<string, string>();
  for (const name of names) {
    const host = hostOf(name, servicesByHost);
    if (host !== undefined) hosts.set(name, host);
  }
  const own = ownTracer(config)?.settings.service;
  const meant = own === undefined ? [] : hostsMeant(own);
  const host = meant.map((one) => hostOf(one, servicesByHost)).find((one) => one !== undefined);
  if (own !== undefined && host !== undefined) hosts.set(own, host);
  return hosts;
}

/** `HOST`, of which there has to be one, or `NAMESPACE/HOST`. */
function hostOf(name: string, servicesByHost: Table<Table<Service>>): string | undefined {
  const slash = name.indexOf("/");
  const host = name.slice(slash + 1);
  const group = servicesByHost.get(host);
  if (group === undefined || isWildcard(host)) return undefined;
  const isKnown = slash < 0 ? group.size === 1 : group.get(name) !== undefined;
  return isKnown ? host : undefined;
}

function sameProviderHosts(a: ProviderHosts, b: ProviderHosts): boolean {
  return a.size === b.size && [...a].every(([name, host]) => b.get(name) === host);
}
