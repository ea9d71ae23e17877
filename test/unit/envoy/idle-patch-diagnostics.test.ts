/** What a user is told of patches that change nothing. */
import { expect, test } from "vitest";
import { createDiscovery } from "../../../src/app/discovery.js";
import { formatDiagnostic } from "../../../src/base/diagnostic.js";
import { Table } from "../../../src/base/table/table.js";
import { idlePatchDiagnostics } from "../../../src/envoy/diagnostics/idle-patches.js";
import { type NodeFields, type Proxy, parseNode } from "../../../src/mesh/proxy/proxy.js";
import { createDirectory, service } from "../config/directory.js";
import { goldenEncoder } from "../golden/golden-case.js";

const encoder = goldenEncoder();

function proxy(id: string, metadata: NodeFields["metadata"] = {}): Proxy {
  const parsed = parseNode({ id, metadata });
  if ("invalid" in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const SIDECAR = proxy("sidecar~10.0.0.1~one.default~default.svc.cluster.local", {
  LABELS: { app: "one" },
});

/** The lines of a file with these patches at which it is said that one changes nothing. */
function idleLines(patches: string, more = ""): readonly number[] {
  const snapshot = createDirectory().write({
    "services.yaml": service("cart"),
    "filter.yaml": `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: one }
spec:
  ${more}
  configPatches:
${patches.replaceAll(/^/gm, "  ")}`,
  });
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[SIDECAR.id, SIDECAR]]), standIns: [] });
  const connected = [{ proxy: SIDECAR, controlPlane: undefined }];
  const found = idlePatchDiagnostics(discovery.idlePatches(connected), snapshot);
  for (const one of found) {
    expect(formatDiagnostic(one)).toContain("warning[not-applied]: the patch changes nothing");
  }
  return found.map(({ position }) => position?.line ?? 0);
}

const CART = "cluster: { service: cart.default.svc.cluster.local }";
const FAULT = `typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault }`;

test.each([
  [
    "merges",
    `- applyTo: CLUSTER\n  match: { ${CART} }\n  patch: { operation: MERGE, value: { connect_timeout: 7s } }`,
  ],
  [
    "is of the bootstrap, which is not sent",
    "- applyTo: BOOTSTRAP\n  patch: { operation: MERGE, value: { stats_flush_interval: 7s } }",
  ],
  ["removes", `- applyTo: CLUSTER\n  match: { ${CART} }\n  patch: { operation: REMOVE }`],
  ["adds a cluster", `- applyTo: CLUSTER\n  patch: { operation: ADD, value: { name: more } }`],
  [
    "adds a virtual host",
    `- applyTo: VIRTUAL_HOST\n  match: { context: SIDECAR_OUTBOUND, routeConfiguration: { name: "80" } }\n  patch: { operation: ADD, value: { name: more, domains: [more] } }`,
  ],
  [
    "removes a virtual host",
    `- applyTo: VIRTUAL_HOST\n  match: { routeConfiguration: { vhost: { name: "cart.default.svc.cluster.local:80" } } }\n  patch: { operation: REMOVE }`,
  ],
  [
    "is for another side",
    `- applyTo: CLUSTER\n  match: { context: GATEWAY, cluster: { name: nowhere } }\n  patch: { operation: REMOVE }`,
  ],
])("says nothing of a patch that %s", (_what, patch) => {
  expect(idleLines(patch)).toEqual([]);
});

test.each([
  ["cluster", "CLUSTER", "match: { cluster: { service: card.default.svc.cluster.local } }"],
  ["listener", "LISTENER", "match: { listener: { portNumber: 81 } }"],
  [
    "filter",
    "HTTP_FILTER",
    "match: { listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: envoy.filters.http.rooter } } } } }",
  ],
  ["virtual host", "VIRTUAL_HOST", "match: { routeConfiguration: { vhost: { name: other } } }"],
  ["route", "HTTP_ROUTE", "match: { routeConfiguration: { vhost: { route: { name: other } } } }"],
])("says of a patch that no %s is as its match says", (_what, target, match) => {
  const merge = `- applyTo: ${target}\n  ${match}\n  patch: { operation: MERGE, value: { name: a } }`;
  const removal = `- applyTo: ${target}\n  ${match}\n  patch: { operation: REMOVE }`;
  expect(idleLines(`${merge}\n${removal}`)).toEqual([8, 11]);
});

test("a patch beside what another one adds has an effect", () => {
  const manager = "name: envoy.filters.network.http_connection_manager";
  const beside = (name: string): string =>
    `match: { listener: { filterChain: { filter: { ${manager}, subFilter: { name: ${name} } } } } }`;
  const patches = `- applyTo: HTTP_FILTER
  ${beside("envoy.filters.http.router")}
  patch:
    operation: INSERT_BEFORE
    value:
      name: first
      ${FAULT}
- applyTo: HTTP_FILTER
  ${beside("first")}
  patch:
    operation: INSERT_AFTER
    value:
      name: second
      ${FAULT}`;
  expect(idleLines(patches)).toEqual([]);
});

test("says nothing of a patch for workloads that are not connected", () => {
  const patch = `- applyTo: CLUSTER\n  match: { cluster: { name: nowhere } }\n  patch: { operation: REMOVE }`;
  expect(idleLines(patch, "workloadSelector: { labels: { app: other } }")).toEqual([]);
  expect(idleLines(patch, "workloadSelector: { labels: { app: one } }")).toEqual([8]);
});
