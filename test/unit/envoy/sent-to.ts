import { readFileSync } from "node:fs";
import { createDiscovery } from "../../../src/app/discovery.js";
import { Table } from "../../../src/base/table/table.js";
import { parseOffline } from "../../../src/config/parse-offline.js";
import type { RouteConfigurationJson, VirtualHostJson } from "../../../src/envoy/api.js";
import { createEncoder } from "../../../src/envoy/resource/encoder.js";
import { type NodeFields, parseNode } from "../../../src/mesh/proxy/proxy.js";
import {
  type ProxyConfiguration,
  proxyConfiguration,
} from "../../../src/simulator/configuration.js";

const encoder = createEncoder(readFileSync(new URL("../../../gen/envoy.binpb", import.meta.url)));

/** A sidecar of namespace `default`. */
export const SIDECAR: NodeFields = {
  id: "sidecar~10.0.0.9~caller-0.default~default.svc.cluster.local",
  metadata: { LABELS: { app: "caller" } },
};

/** A gateway that the selector `istio: ingressgateway` selects. */
export const GATEWAY: NodeFields = {
  id: "router~10.0.0.8~gateway-0.istio-system~istio-system.svc.cluster.local",
  metadata: { LABELS: { istio: "ingressgateway" } },
};

/** What a proxy of a mesh is sent. */
export function sentTo(node: NodeFields, ...texts: readonly string[]): ProxyConfiguration {
  const snapshot = parseOffline([{ path: "mesh.yaml", text: texts.join("\n---\n") }]);
  const problems = snapshot.diagnostics.filter(({ severity }) => severity === "error");
  const [problem] = problems;
  if (problem !== undefined) throw new Error(problem.message);
  const proxy = parseNode(node);
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  return proxyConfiguration(discovery.resourcesOf({ proxy, controlPlane: undefined }), encoder);
}

/** The virtual host for a domain in a route configuration; undefined where there is none. */
export function hostIn(
  routes: RouteConfigurationJson | undefined,
  domain: string,
): VirtualHostJson | undefined {
  return routes?.virtualHosts?.find(({ domains = [] }) => domains.includes(domain));
}

/** Where the routes of a virtual host lead, in order: the clusters, `""` for what leads to none. */
export function clustersOf(host: VirtualHostJson | undefined): readonly string[] | undefined {
  return host?.routes?.map(({ route }) => route?.cluster ?? "");
}
