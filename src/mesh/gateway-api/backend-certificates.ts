/** Finds the gateways that show certificates to backends. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { namedServices } from "../gateway/gateway.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../hostname.js";
import { type GatewayResource, servingNamespace } from "../made-of.js";
import type { BackendCertificates, ShowingGateway } from "./backend-certificate.js";

type Services = Table<ResourceOf<"Service">>;

/** Finds who shows certificates to backends. */
export function createBackendCertificates(
  engine: Engine,
): (gateways: Table<GatewayResource>, services: Services) => BackendCertificates {
  const showing = engine.derive<[GatewayResource], [Services], ShowingGateway>(
    "certificates for backends",
    (_key, [gateway], services) => gateway && showingOf(gateway, services),
    isDeepStrictEqual,
  );
  return (gateways, services) => showing([gateways], services);
}

function showingOf(gateway: GatewayResource, services: Services): ShowingGateway | undefined {
  const { backendCredential: credential } = gateway;
  if (credential === undefined) return undefined;
  const namespace = servingNamespace(gateway);
  const named = namedServices(gateway);
  const selectors =
    named === undefined
      ? [gateway.spec.selector ?? {}]
      : [...services.values()]
          .filter(
            ({ metadata: { name, namespace: own } }) =>
              own === namespace && named.includes(serviceHostname(name, own, DEFAULT_DOMAIN)),
          )
          .flatMap(({ spec: { selector } }) => (selector === undefined ? [] : [selector]));
  return { namespace, selectors, credential };
}
