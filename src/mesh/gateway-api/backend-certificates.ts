/** Finds the gateways that show certificates to backends. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { namedServices } from "../gateway/gateway.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../hostname.js";
import { servingNamespace } from "../made-of.js";
import {
  type BackendCertificates,
  backendCredentialOf,
  type ShowingGateway,
} from "./backend-certificate.js";

type Gateway = ResourceOf<"Gateway">;
type Services = Table<ResourceOf<"Service">>;

/** Finds who shows certificates to backends. */
export function createBackendCertificates(
  engine: Engine,
): (gateways: Table<Gateway>, services: Services) => BackendCertificates {
  const showing = engine.derive<[Gateway], [Services], ShowingGateway>(
    "certificates for backends",
    (_key, [gateway], services) => gateway && showingOf(gateway, services),
    isDeepStrictEqual,
  );
  return (gateways, services) => showing([gateways], services);
}

function showingOf(gateway: Gateway, services: Services): ShowingGateway | undefined {
  const credential = backendCredentialOf(gateway);
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
