import { expect } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import type { ResourceOf } from "../../../../src/config/kinds.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import type { ResourceTables } from "../../../../src/config/snapshot.js";
import { createGatewayApi } from "../../../../src/mesh/gateway-api/gateway-api.js";

/** The resources of some documents, which are in order. */
export function tablesOf(...texts: readonly string[]): ResourceTables {
  const snapshot = parseOffline([{ path: "mesh.yaml", text: texts.join("\n---\n") }]);
  expect(snapshot.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return snapshot.tables;
}

/** The Gateways and VirtualServices that they mean, by name. */
export function madeOf(tables: ResourceTables): {
  readonly gateways: readonly ResourceOf<"Gateway">[];
  readonly virtualServices: readonly ResourceOf<"VirtualService">[];
} {
  const { Gateway, VirtualService } = createGatewayApi(new Engine())(tables, tables);
  return {
    gateways: Gateway.sorted().map(([, one]) => one),
    virtualServices: VirtualService.sorted().map(([, one]) => one),
  };
}

/** A Gateway `edge` of the namespace `front` with some listeners. */
export const gateway = (listeners: string, more = ""): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: front }
spec: { gatewayClassName: istio, listeners: ${listeners}${more} }`;

/** A route of a kind. */
export const route = (kind: string, name: string, spec: string, metadata = ""): string =>
  `apiVersion: gateway.networking.k8s.io/${kind === "TCPRoute" || kind === "TLSRoute" ? "v1alpha2" : "v1"}
kind: ${kind}
metadata: { name: ${name}${metadata} }
spec: ${spec}`;
