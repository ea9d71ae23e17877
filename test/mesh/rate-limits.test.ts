/** Limits of rates by EnvoyFilters, as Istio's task for them has these: by a service for the whole mesh, and by a proxy itself. */
import { readFileSync } from "node:fs";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEncoder } from "../../src/envoy/resource/encoder.js";
import { application, documents, EDGE_TO_CALLED, HTTP_GATEWAY } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { type Answer, call, callAddress } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";
import { serveUnary } from "./harness/unary-server.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(40);
const PORT = 8081;
const HOST = "ratelimit.default.svc.cluster.local";

const SERVICE = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ratelimit, namespace: default }
spec:
  hosts: [${HOST}]
  resolution: STATIC
  ports: [{ number: ${String(PORT)}, name: grpc, protocol: GRPC }]
  endpoints: [{ address: ${OUTSIDE} }]
`;

const AT_GATEWAY = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: global-limit, namespace: istio-system }
spec:
  workloadSelector: { labels: { istio: ingressgateway } }
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: GATEWAY
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: { name: envoy.filters.http.router }
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
          domain: of-the-mesh
          failure_mode_deny: true
          timeout: 10s
          rate_limit_service:
            grpc_service: { envoy_grpc: { cluster_name: "outbound|${String(PORT)}||${HOST}", authority: ${HOST} } }
            transport_api_version: V3
  - applyTo: VIRTUAL_HOST
    match:
      context: GATEWAY
      routeConfiguration: { vhost: { name: "*:80", route: { action: ANY } } }
    patch:
      operation: MERGE
      value:
        rate_limits:
        - actions: [{ request_headers: { header_name: ":path", descriptor_key: PATH } }]
`;

/** The filter limits nothing by itself: how much may pass stands at the route, in the form for types that a control plane may not know. */
const AT_WORKLOAD = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: local-limit, namespace: istio-system }
spec:
  workloadSelector: { labels: { app: called } }
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain: { filter: { name: envoy.filters.network.http_connection_manager } }
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/udpa.type.v1.TypedStruct
          type_url: type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          value: { stat_prefix: http_local_rate_limiter }
  - applyTo: HTTP_ROUTE
    match:
      context: SIDECAR_INBOUND
      routeConfiguration: { vhost: { name: "inbound|http|80", route: { action: ANY } } }
    patch:
      operation: MERGE
      value:
        typed_per_filter_config:
          envoy.filters.http.local_ratelimit:
            "@type": type.googleapis.com/udpa.type.v1.TypedStruct
            type_url: type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
            value:
              stat_prefix: http_local_rate_limiter
              token_bucket: { max_tokens: 2, tokens_per_fill: 2, fill_interval: 3600s }
              filter_enabled: { runtime_key: limit_enabled, default_value: { numerator: 100, denominator: HUNDRED } }
              filter_enforced: { runtime_key: limit_enforced, default_value: { numerator: 100, denominator: HUNDRED } }
              response_headers_to_add:
              - { append_action: OVERWRITE_IF_EXISTS_OR_ADD, header: { key: x-local-rate-limit, value: "true" } }
`;

const encoder = createEncoder(readFileSync(new URL("../../gen/envoy.binpb", import.meta.url)));
const REQUEST = encoder.registry.getMessage("envoy.service.ratelimit.v3.RateLimitRequest")!;

/** Answers of the service: OK, and OVER_LIMIT. */
const PASS = Buffer.from([8, 1]);
const REFUSE = Buffer.from([8, 2]);

const asked: unknown[] = [];

/** Lets pass what is asked for the first time. */
function decide(message: Buffer): Buffer {
  const question = toJson(REQUEST, fromBinary(REQUEST, message));
  const isNew = !asked.some((one) => JSON.stringify(one) === JSON.stringify(question));
  asked.push(question);
  return isNew ? PASS : REFUSE;
}

const mesh = shareMesh({
  "apps.yaml": documents(application("caller"), application("called")),
  "edge.yaml": documents(HTTP_GATEWAY, EDGE_TO_CALLED),
  "service.yaml": SERVICE,
});

let close: () => void;

beforeAll(async () => {
  close = await serveUnary({
    address: OUTSIDE,
    port: PORT,
    path: "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit",
    answer: decide,
  });
});

afterAll(() => {
  close();
});

const atGateway = (path: string): Promise<Answer> =>
  callAddress({ address: mesh().gateway().addresses.pod, port: 8080 }, `http://anything${path}`);

test("a gateway asks a service whether a request is one too many, by what an EnvoyFilter says of it", async () => {
  await mesh().writeForTest("limit.yaml", AT_GATEWAY);
  const statuses = [];
  for (const path of ["/once", "/once", "/another"]) statuses.push((await atGateway(path)).status);
  expect(statuses).toEqual([200, 429, 200]);
  const about = (value: string) => ({
    domain: "of-the-mesh",
    descriptors: [{ entries: [{ key: "PATH", value }] }],
  });
  expect(asked).toEqual(["/once", "/once", "/another"].map(about));
});

test("a proxy refuses by itself what is too much for a route of its workload", async () => {
  await mesh().writeForTest("limit.yaml", AT_WORKLOAD);
  const answers = [];
  for (const path of ["/1", "/2", "/3"]) {
    answers.push(await call(mesh().pod("caller-0"), `http://called${path}`));
  }
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers.map(({ headers }) => headers["x-local-rate-limit"])).toEqual([
    undefined,
    undefined,
    "true",
  ]);
});
