import { expect, test } from "vitest";
import { STATS_TAGS } from "../../../src/envoy/bootstrap/stats-tags.js";

/** The labels of a statistic, and its name without them, as Envoy makes them: by expressions that JavaScript reads alike. */
function labelled(name: string): readonly [string, Readonly<Record<string, string>>] {
  let rest = name;
  const labels: Record<string, string> = {};
  for (const { tagName, regex } of STATS_TAGS.filter((tag) => !tag.regex.includes("[:"))) {
    const [, cut, value] = new RegExp(regex).exec(name) ?? [];
    if (cut === undefined || value === undefined) continue;
    rest = rest.replace(cut, "");
    labels[tagName] = value;
  }
  return [rest, labels];
}

const POLICY = "http.inbound_0.0.0.0_8080;.rbac";

test.each([
  [
    "cluster.outbound|80|v1|a.b.svc.cluster.local;.upstream_cx_total",
    "cluster.upstream_cx_total",
    { cluster_name: "outbound|80|v1|a.b.svc.cluster.local" },
  ],
  [
    "cluster.outbound|443||www.example.com;.upstream_rq_503",
    "cluster.upstream_rq",
    { cluster_name: "outbound|443||www.example.com", response_code: "503" },
  ],
  [
    "cluster.inbound|8080||;.ssl.handshake",
    "cluster.ssl.handshake",
    { cluster_name: "inbound|8080||" },
  ],
  [
    "cluster.xds-grpc.upstream_rq_2xx",
    "cluster.upstream_rq",
    { cluster_name: "xds-grpc", response_code_class: "2xx" },
  ],
  [
    "cluster.added.b.svc.cluster.local.upstream_cx_total",
    "cluster.upstream_cx_total",
    { cluster_name: "added.b.svc.cluster.local" },
  ],
  [`${POLICY}.allowed`, POLICY, { authz_enforce_result: "allowed" }],
  [`${POLICY}.shadow_denied`, POLICY, { authz_dry_run_result: "denied" }],
  [
    `${POLICY}.istio_dry_run_deny_.shadow_allowed`,
    POLICY,
    { authz_dry_run_action: "deny", authz_dry_run_result: "allowed" },
  ],
  [
    "tcp.rbac.istio_dry_run_allow_.shadow_denied",
    "tcp",
    { authz_dry_run_action: "allow", authz_dry_run_result: "denied" },
  ],
  ["tcp.rbac.denied", "tcp", { authz_enforce_result: "denied" }],
])("of the statistic %s", (name, rest, labels) => {
  expect(labelled(name)).toEqual([rest, expect.objectContaining(labels)]);
});
