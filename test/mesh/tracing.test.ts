/** Spans of stock Envoys, as collectors for Zipkin, OpenTelemetry and Lightstep are told of them. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createEncoder } from "../../src/envoy/resource/encoder.js";
import type { PlacedPod } from "../../src/up/pods/pod-plan.js";
import { admin } from "./harness/admin.js";
import {
  application,
  documents,
  EDGE_TO_CALLED,
  HTTP_GATEWAY,
  meshConfiguration,
  outsideHosts,
} from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import { call, callAddress } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";
import { serveUnary } from "./harness/unary-server.js";

/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(37);
const PORT = 9411;

/** Of spans by gRPC. */
const GRPC_PORT = 4317;
const LIGHTSTEP = "satellite.istio-system.svc.cluster.local";

const CONFIG = meshConfiguration({
  extensionProviders: [
    {
      name: "lightstep",
      lightstep: { service: LIGHTSTEP, port: GRPC_PORT, accessToken: "of-shop" },
    },
    { name: "zipkin", zipkin: { service: "collector.example.com", port: PORT } },
    {
      name: "otel",
      opentelemetry: {
        service: "collector.example.com",
        port: PORT,
        http: { path: "/v1/traces", headers: [{ name: "x-tenant", value: "shop" }] },
      },
    },
  ],
});

const COLLECTOR = documents(
  outsideHosts("collector", {
    hosts: "collector.example.com, spans.istio-system.svc.cluster.local",
    port: `number: ${String(PORT)}, name: http, protocol: HTTP`,
    address: OUTSIDE,
  }),
  outsideHosts("satellite", {
    hosts: LIGHTSTEP,
    port: `number: ${String(GRPC_PORT)}, name: grpc, protocol: GRPC`,
    address: OUTSIDE,
  }),
);

const provided = (provider: string): string => `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: tracing, namespace: istio-system }
spec:
  tracing:
  - providers: [{ name: ${provider} }]
`;

const telemetry = (provider: string, sampling: number): string => `${provided(provider).trimEnd()}
    randomSamplingPercentage: ${String(sampling)}
    customTags:
      tier: { literal: { value: gold } }
      who: { header: { name: x-who, defaultValue: nobody } }
      verb: { formatter: { value: "%REQ(:METHOD)%" } }
      asked: { header: { name: ":path" } }
      workload: { environment: { name: ISTIO_META_WORKLOAD_NAME, defaultValue: unknown } }
`;

const mesh = shareMesh({
  "apps.yaml": documents(
    application("caller", { versions: ["v1"] }),
    application("called", { versions: ["v2"] }),
    application("own", {
      annotations: {
        "proxy.istio.io/config":
          "{ tracingServiceName: CANONICAL_NAME_ONLY, tracing: { sampling: 100, customTags: { tier: { literal: { value: silver } } } } }",
      },
    }),
  ),
  "edge.yaml": documents(HTTP_GATEWAY, EDGE_TO_CALLED),
  "config.yaml": CONFIG,
  "collector.yaml": COLLECTOR,
});

/** What a collector is told of a request by one proxy. */
interface Span {
  readonly traceId: string;
  readonly service: string;
  readonly tags: Readonly<Record<string, string>>;
}

const encoder = createEncoder(readFileSync(new URL("../../gen/envoy.binpb", import.meta.url)));

interface ZipkinSpan extends Pick<Span, "traceId" | "tags"> {
  readonly localEndpoint: { readonly serviceName: string };
}

const zipkinSpans = (body: Buffer): readonly Span[] =>
  (JSON.parse(body.toString()) as readonly ZipkinSpan[]).map(
    ({ traceId, tags, localEndpoint }) => ({ traceId, tags, service: localEndpoint.serviceName }),
  );

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly attributes: readonly Attribute[];
      }[];
    }[];
  }[];
}

const textsOf = (attributes: readonly Attribute[]): Span["tags"] =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

function otlpSpans(body: Buffer): readonly Span[] {
  const type = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest";
  const schema = encoder.registry.getMessage(type)!;
  const request = toJson(schema, fromBinary(schema, body)) as unknown as OtlpRequest;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, attributes }) => ({
        traceId,
        tags: textsOf(attributes),
        service: textsOf(resource.attributes)["service.name"] ?? "",
      })),
    ),
  );
}

const collected: {
  spans: Span[];
  hosts: Set<string>;
  /** By which what came by gRPC says whose it is. */
  tokens: Set<unknown>;
  server?: Server;
  closeGrpc?: () => void;
} = { spans: [], hosts: new Set(), tokens: new Set() };

beforeAll(async () => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url = "", headers } = request;
      const read = url === "/api/v2/spans" ? zipkinSpans : otlpSpans;
      collected.spans.push(...read(Buffer.concat(chunks)));
      collected.hosts.add(`${headers.host ?? ""}${url} ${String(headers["x-tenant"])}`);
      response.writeHead(200).end();
    });
  }).listen(PORT, OUTSIDE);
  collected.server = server;
  await once(server, "listening");
  collected.closeGrpc = await serveUnary({
    address: OUTSIDE,
    port: GRPC_PORT,
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    answer: (message, headers) => {
      collected.spans.push(...otlpSpans(message));
      collected.tokens.add(headers["lightstep-access-token"]);
      return Buffer.alloc(0);
    },
  });
  const pods = ["caller-v1-0", "called-v2-0", "own-0"].map((name) => mesh().pod(name));
  for (const pod of [...pods, mesh().gateway()]) {
    // Collectors are told of each span at once, and not every five seconds.
    const values = "tracing.zipkin.min_flush_spans=1&tracing.opentelemetry.min_flush_spans=1";
    await admin(pod, `/runtime_modify?${values}`, "POST");
  }
});

afterAll(() => {
  collected.server?.closeAllConnections();
  collected.server?.close();
  collected.closeGrpc?.();
});

const caller = (): PlacedPod => mesh().pod("caller-v1-0");

/** The spans of the traces of requests to a path, in the order of the names of the services that tell of them. */
function spansOf(path: string): readonly Span[] {
  const received = collected.spans.filter(({ tags }) => tags["http.url"]?.endsWith(path) === true);
  const traces = new Set(received.map(({ traceId }) => traceId));
  return collected.spans
    .filter(({ traceId }) => traces.has(traceId))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

/** Has all proxies trace so from the next request on: a connection between sidecars takes one request more, and ends. */
async function trace(provider: string, sampling: number): Promise<void> {
  await mesh().write("telemetry.yaml", telemetry(provider, sampling));
  await call(caller(), "http://called/last");
}

const told = (path: string) =>
  expect.poll(() => spansOf(path).map(({ service }) => service), { timeout: 30_000 });

test.each([
  ["zipkin", "/api/v2/spans undefined"],
  ["otel", "/v1/traces shop"],
])("the proxies of both sides tell %s of a request, as parts of one trace", async (name, place) => {
  await trace(name, 100);
  await call(caller(), `http://called/${name}`, { headers: { "x-who": "tester" } });
  await told(`/${name}`).toEqual(["called.default", "caller.default"]);
  const [server, client] = spansOf(`/${name}`);
  expect(client?.traceId).toMatch(/.{16,}/);
  expect(server?.traceId).toBe(client?.traceId);
  expect(client?.tags).toMatchObject({
    tier: "gold",
    who: "tester",
    verb: "GET",
    asked: `/${name}`,
    workload: "caller-v1",
    "istio.canonical_service": "caller",
    "istio.canonical_revision": "v1",
    "istio.namespace": "default",
    "istio.mesh_id": "cluster.local",
    "istio.cluster_id": "Kubernetes",
  });
  expect(server?.tags).toMatchObject({
    "istio.canonical_service": "called",
    "istio.canonical_revision": "v2",
  });
  expect(collected.hosts).toContain(`collector.example.com${place}`);
});

test("a gateway begins a trace, with a span of its own for what it sends on", async () => {
  await trace("zipkin", 100);
  const at = { address: mesh().gateway().addresses.pod, port: 8080 };
  await callAddress(at, "http://anything/edge");
  const gateway = "istio-ingressgateway.istio-system";
  await told("/edge").toEqual(["called.default", gateway, gateway]);
  expect(new Set(spansOf("/edge").map(({ traceId }) => traceId)).size).toBe(1);
});

test.each(["zipkin", "otel"])(
  "a proxy tells %s as often, with what tags and under what name the annotation of its pods says",
  async (name) => {
    await mesh().write("telemetry.yaml", provided(name));
    const own = mesh().pod("own-0");
    await call(own, "http://called/last");
    await call(own, `http://called/own-${name}`);
    await told(`/own-${name}`).toEqual(["called.default", "own"]);
    const [called, self] = spansOf(`/own-${name}`);
    expect(self?.tags).toMatchObject({ tier: "silver" });
    expect(called?.tags).not.toHaveProperty("tier");
  },
);

test("Lightstep is told by OpenTelemetry's protocol, with the token of the provider", async () => {
  await trace("lightstep", 100);
  await call(caller(), "http://called/lightstep");
  await told("/lightstep").toEqual(["called.default", "caller.default"]);
  expect(spansOf("/lightstep")).toMatchObject([
    { tags: { tier: "gold" } },
    { tags: { tier: "gold" } },
  ]);
  expect(collected.tokens).toContain("of-shop");
});

/** Has the mesh's proxies trace by a tracer of their own. */
async function traceByDefault(tracing: object): Promise<void> {
  await mesh().write(
    "config.yaml",
    meshConfiguration({ defaultConfig: { tracing: { ...tracing, sampling: 100 } } }),
  );
  onTestFinished(async () => {
    await mesh().write("config.yaml", CONFIG);
  });
  await mesh().write("telemetry.yaml", provided("zipkin"));
  await mesh().remove("telemetry.yaml");
  await call(caller(), "http://called/last");
}

test("so it is as the tracer of the mesh's proxies", async () => {
  const address = `satellite.istio-system:${String(GRPC_PORT)}`;
  await traceByDefault({ lightstep: { address, accessToken: "of-all" } });
  await call(caller(), "http://called/own-lightstep");
  await told("/own-lightstep").toEqual(["called.default", "caller.default"]);
  expect(collected.tokens).toContain("of-all");
});

test("the tracer of the mesh's proxies is told where no Telemetry speaks of tracing", async () => {
  await traceByDefault({ zipkin: { address: `spans.istio-system:${String(PORT)}` } });
  await call(caller(), "http://called/by-default");
  await told("/by-default").toEqual(["called.default", "caller.default"]);
  expect(collected.hosts).toContain("spans.istio-system.svc.cluster.local/api/v2/spans undefined");
});

test("nothing is told of requests of which none is to be sampled", async () => {
  await trace("zipkin", 0);
  await call(caller(), "http://called/unsampled");
  await trace("zipkin", 100);
  await call(caller(), "http://called/sampled");
  await told("/sampled").toEqual(["called.default", "caller.default"]);
  expect(spansOf("/unsampled")).toEqual([]);
});
