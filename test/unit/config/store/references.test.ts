import { describe, expect, it } from "vitest";
import {
  createDirectory,
  documents,
  linesOf,
  route,
  rule,
  service,
  specsOf,
} from "../directory.js";

const hosts = (directory: ReturnType<typeof createDirectory>): readonly string[] =>
  [...directory.store.snapshot().tables.VirtualService.values()].flatMap(({ spec }) =>
    (spec.http ?? []).flatMap(({ route: destinations = [] }) =>
      destinations.map(({ destination: { host, subset } }) =>
        subset === undefined ? host : `${host} ${subset}`,
      ),
    ),
  );

const entry = (
  host: string,
  namespace: string,
  exportTo?: string,
): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: external, namespace: ${namespace}}
spec:
  hosts: ["${host}"]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: NONE
  ${exportTo === undefined ? "" : `exportTo: ["${exportTo}"]`}
`;

const gateway = (
  name: string,
  tls = "mode: SIMPLE, credentialName: app-tls",
): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {${tls}}
`;

describe("a route to a host that is not there", () => {
  it("is held back until the host is there", () => {
    const directory = createDirectory();
    const before = directory.write({ "a.yaml": route("a", "b") });
    expect(hosts(directory)).toEqual([]);
    expect(before.diagnostics[0]?.message).toBe(
      'host "b" is no Service and no host of a ServiceEntry that namespace default sees; until then the resource has no effect',
    );
    const after = directory.write({ "b.yaml": service("b") });
    expect(hosts(directory)).toEqual(["b"]);
    expect(linesOf(after)).toEqual([]);
  });

  it("keeps the version before in force", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": route("a", "b"), "b.yaml": service("b") });
    const { diagnostics } = directory.write({ "a.yaml": route("a", "c") });
    expect(hosts(directory)).toEqual(["b"]);
    expect(diagnostics[0]?.message).toContain("until then the version before stays in force");
    directory.write({ "c.yaml": service("c") });
    expect(hosts(directory)).toEqual(["c"]);
  });

  it("comes with the host in the same batch, in any order", () => {
    const directory = createDirectory();
    const snapshot = directory.write({ "a.yaml": route("a", "z"), "z.yaml": service("z") });
    expect(hosts(directory)).toEqual(["z"]);
    expect(linesOf(snapshot)).toEqual([]);
  });

  it("stays in force when it is the host that goes", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": route("a", "b"), "b.yaml": service("b") });
    const snapshot = directory.write({ "b.yaml": undefined });
    expect(hosts(directory)).toEqual(["b"]);
    expect(linesOf(snapshot)).toEqual(["mesh/a.yaml:11:15 error IST0101 VirtualService a.default"]);
    expect(snapshot.diagnostics[0]?.message).not.toContain("until then");
  });

  it("stays in force through a restart after the host has gone", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": route("a", "b"), "b.yaml": service("b") });
    const resources = [...directory.store.snapshot().tables.VirtualService.values()];
    const restarted = createDirectory({
      saved: [{ root: "mesh", path: "mesh/a.yaml", resources }],
    });
    restarted.write({ "a.yaml": route("a", "b") });
    expect(hosts(restarted)).toEqual(["b"]);
  });

  it("goes when its file goes, also while it is held back", () => {
    const directory = createDirectory();
    directory.write({ "a.yaml": route("a", "b"), "b.yaml": service("b") });
    directory.write({ "a.yaml": route("a", "c") });
    directory.write({ "a.yaml": undefined });
    expect(hosts(directory)).toEqual([]);
  });

  it("is said what was probably meant", () => {
    const { diagnostics } = createDirectory().write({
      "a.yaml": route("a", "paymnets"),
      "b.yaml": service("payments"),
    });
    expect(diagnostics[0]?.message).toContain('(did you mean "payments"?)');
  });

  it.each(["b", "b.default.svc.cluster.local"])("is not one that is written %s", (host) => {
    const directory = createDirectory();
    expect(
      linesOf(directory.write({ "a.yaml": route("a", host), "b.yaml": service("b") })),
    ).toEqual([]);
    expect(hosts(directory)).toEqual([host]);
  });

  it.each(["b.default", "b.default.svc"])("is told of %s, and which name is whole", (host) => {
    const directory = createDirectory();
    const { diagnostics } = directory.write({ "a.yaml": route("a", host), "b.yaml": service("b") });
    expect(diagnostics[0]?.message).toContain('(did you mean "b.default.svc.cluster.local"?)');
    expect(hosts(directory)).toEqual([]);
  });

  it.each([
    ["a host", entry("api.example.com", "default"), true],
    ["a wildcard", entry("*.example.com", "default"), true],
    ["another wildcard", entry("*.example.org", "default"), false],
    ["a host of another namespace", entry("api.example.com", "other"), true],
    [
      "a host of another namespace that is not exported",
      entry("api.example.com", "other", "."),
      false,
    ],
    [
      "a host of another namespace that is exported to this one",
      entry("api.example.com", "other", "default"),
      true,
    ],
  ])("is looked for among ServiceEntries: %s", (_, text, isThere) => {
    const directory = createDirectory();
    directory.write({ "a.yaml": route("a", "api.example.com"), "b.yaml": text });
    expect(hosts(directory)).toHaveLength(isThere ? 1 : 0);
  });

  it("is not seen when the Service is not exported", () => {
    const directory = createDirectory();
    const hidden = service("b", "other").replace(
      "namespace:",
      "annotations: {networking.istio.io/exportTo: .}\n  namespace:",
    );
    directory.write({ "a.yaml": route("a", "b.other.svc.cluster.local"), "b.yaml": hidden });
    expect(hosts(directory)).toEqual([]);
    directory.write({ "b.yaml": service("b", "other") });
    expect(hosts(directory)).toEqual(["b.other.svc.cluster.local"]);
  });

  it("is seen where the Service says nothing of who sees it", () => {
    const directory = createDirectory();
    const silent = service("b", "other").replace(
      "namespace:",
      "annotations: {networking.istio.io/exportTo: ' , '}\n  namespace:",
    );
    directory.write({ "a.yaml": route("a", "b.other.svc.cluster.local"), "b.yaml": silent });
    expect(hosts(directory)).toEqual(["b.other.svc.cluster.local"]);
  });

  it("may be one that its gateway alone sees, with its subsets", () => {
    const atGateway = (name: string): string =>
      route("a", "api.example.com", "one").replace("spec:", `spec:\n  gateways: [${name}]`);
    const subsets = rule("r", "api.example.com", "one").replace(
      "spec:",
      "spec:\n  exportTo: [edge]",
    );
    const directory = createDirectory();
    directory.write({
      "a.yaml": atGateway("other/front"),
      "b.yaml": entry("api.example.com", "default", "edge"),
      "c.yaml": subsets,
    });
    expect(hosts(directory)).toEqual([]);
    directory.write({ "a.yaml": atGateway("edge/front") });
    expect(hosts(directory)).toEqual(["api.example.com one"]);
  });

  it("obeys the mesh configuration on who sees a Service", () => {
    const mesh = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    defaultServiceExportTo: ["."]\n`;
    const directory = createDirectory();
    directory.write({
      "a.yaml": route("a", "b.other.svc.cluster.local"),
      "b.yaml": service("b", "other"),
      "m.yaml": mesh,
    });
    expect(hosts(directory)).toEqual([]);
  });

  it("is found in TCP, TLS and mirrored routes too", () => {
    const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - route: [{destination: {host: b}}]
    mirror: {host: m1}
  - match: [{uri: {prefix: /x}}]
    route: [{destination: {host: b}}]
    mirrors: [{destination: {host: m2}}]
  tcp:
  - match: [{port: 1}]
    route: [{destination: {host: t1}}]
  tls:
  - match: [{port: 2, sniHosts: [a]}]
    route: [{destination: {host: t2}}]
`;
    const { diagnostics } = createDirectory().write({ "a.yaml": text, "b.yaml": service("b") });
    const found = diagnostics.filter(({ code }) => code === "IST0101");
    expect(
      found.map(({ position, message }) => [position?.line, /"(..)"/.exec(message)?.[1]]),
    ).toEqual([
      [8, "m1"],
      [11, "m2"],
      [14, "t1"],
      [17, "t2"],
    ]);
  });
});

describe("a route to a subset that is not there", () => {
  it("is held back until a DestinationRule has it", () => {
    const directory = createDirectory();
    directory.write({
      "a.yaml": route("a", "b", "v2"),
      "b.yaml": service("b"),
      "r.yaml": rule("b", "b", "v1"),
    });
    expect(hosts(directory)).toEqual([]);
    directory.write({ "r.yaml": rule("b", "b", "v1", "v2") });
    expect(hosts(directory)).toEqual(["b v2"]);
  });

  it.each([
    ["the same host by its full name", "b.default.svc.cluster.local", true],
    ["a wildcard", "*.cluster.local", true],
    ["another host", "c", false],
  ])("is looked for in rules of %s", (_, host, isThere) => {
    const directory = createDirectory();
    directory.write({
      "a.yaml": route("a", "b", "v1"),
      "b.yaml": service("b"),
      "r.yaml": rule("r", host, "v1"),
    });
    expect(hosts(directory)).toHaveLength(isThere ? 1 : 0);
  });

  it("is not one of a rule that is not exported", () => {
    const directory = createDirectory();
    const elsewhere = rule("r", "b.default.svc.cluster.local", "v1")
      .replace("name: r", "name: r\n  namespace: other")
      .replace("spec:", "spec:\n  exportTo: ['.']");
    directory.write({
      "a.yaml": route("a", "b", "v1"),
      "b.yaml": service("b"),
      "r.yaml": elsewhere,
    });
    expect(hosts(directory)).toEqual([]);
  });
});

describe("a route with other references that lead nowhere", () => {
  it("takes effect, with a diagnostic for each", () => {
    const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example.com]
  gateways: [mesh, istio-system/ingres, here]
  http:
  - match: [{uri: {prefix: /x}, gateways: [istio-system/ingress]}]
    delegate: {name: none, namespace: other}
  - route: [{destination: {host: b}}]
`;
    const directory = createDirectory();
    const { diagnostics } = directory.write({
      "a.yaml": text,
      "b.yaml": service("b"),
      "g.yaml": gateway("ingress"),
    });
    const found = diagnostics.filter(({ resource }) => resource === "VirtualService a.default");
    expect(found.map(({ code, position, message }) => [code, position?.line, message])).toEqual([
      ["IST0101", 6, 'there is no Gateway "istio-system/ingres"'],
      ["IST0101", 6, 'there is no Gateway "default/here"'],
      ["IST0101", 9, 'there is no VirtualService "other/none"'],
    ]);
    expect(directory.store.snapshot().tables.VirtualService.size).toBe(1);
  });
});

describe("other references that lead nowhere", () => {
  const secret = (namespace: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: app-tls, namespace: ${namespace}}\ndata: {}\n`;
  const workload = (namespace: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: ${namespace}}
spec:
  template:
    metadata: {labels: {istio: ingressgateway}}
`;

  it("are warnings of a Gateway without workloads and without a Secret", () => {
    const directory = createDirectory();
    const snapshot = directory.write({ "g.yaml": gateway("ingress") });
    expect(linesOf(snapshot)).toEqual([
      "mesh/g.yaml:5:3 warning IST0101 Gateway ingress.istio-system",
      "mesh/g.yaml:9:41 warning IST0101 Gateway ingress.istio-system",
    ]);
    expect(snapshot.tables.Gateway.size).toBe(1);
    expect(
      linesOf(
        directory.write({ "s.yaml": secret("istio-system"), "w.yaml": workload("istio-system") }),
      ),
    ).toEqual([]);
  });

  it("are not those of a Gateway whose workloads and Secret are in another namespace", () => {
    const files = {
      "g.yaml": gateway("ingress"),
      "s.yaml": secret("edge"),
      "w.yaml": workload("edge"),
    };
    expect(linesOf(createDirectory().write(files))).toEqual([]);
  });

  it("are warnings of a Gateway without the ConfigMap of its clients' roots", () => {
    const directory = createDirectory();
    const roots =
      "mode: MUTUAL, credentialName: app-tls, caCertCredentialName: configmap://a/roots";
    const snapshot = directory.write({
      "g.yaml": gateway("ingress", roots),
      "s.yaml": secret("istio-system"),
      "w.yaml": workload("istio-system"),
    });
    expect(snapshot.diagnostics.map(({ message }) => message)).toEqual([
      'there is no ConfigMap "a/roots"',
    ]);
    const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: roots, namespace: a}\n";
    expect(linesOf(directory.write({ "c.yaml": map }))).toEqual([]);
  });

  it("are warnings of a rule for no host", () => {
    const snapshot = createDirectory().write({ "r.yaml": rule("r", "none", "v1") });
    expect(linesOf(snapshot)).toEqual([
      "mesh/r.yaml:6:9 warning IST0174 DestinationRule r.default",
    ]);
    expect(snapshot.tables.DestinationRule.size).toBe(1);
  });

  it("are warnings of a policy for workloads that are not there", () => {
    const policy = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: p}
spec:
  selector: {matchLabels: {app: a}}
  mtls: {mode: STRICT}
`;
    const directory = createDirectory();
    expect(linesOf(directory.write({ "p.yaml": policy }))).toEqual([
      "mesh/p.yaml:5:14 warning IST0127 PeerAuthentication p.default",
    ]);
    const selecting = service("a").replace("spec:", "spec:\n  selector: {app: a, version: v1}");
    expect(linesOf(directory.write({ "a.yaml": selecting }))).toEqual([]);
    const elsewhere = selecting.replace("namespace: default", "namespace: other");
    expect(linesOf(directory.write({ "a.yaml": elsewhere }))).toHaveLength(1);
  });

  it("are all shown, and nothing is held back, when files are looked at by themselves", () => {
    const directory = createDirectory({ remembers: false });
    const snapshot = directory.write({ "a.yaml": documents(route("a", "b"), service("c")) });
    expect(linesOf(snapshot)).toEqual(["mesh/a.yaml:11:15 error IST0101 VirtualService a.default"]);
    expect(Object.keys(specsOf(snapshot))).toEqual([
      "Service/default/c",
      "VirtualService/default/a",
    ]);
  });
});

describe("the provider of a custom policy", () => {
  const policy = (provider: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ask }
spec:
  action: CUSTOM
  provider: { name: ${provider} }
  rules: [{}]
`;
  const PROVIDERS = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    extensionProviders:
    - { name: good, envoyExtAuthzHttp: { service: default/a.default.svc.cluster.local, port: 80 } }
    - { name: nowhere, envoyExtAuthzGrpc: { service: b.default.svc.cluster.local, port: 80 } }
    - name: wrong
      envoyExtAuthzHttp: { service: a.default.svc.cluster.local, port: 80, pathPrefix: check }
    - { name: short, envoyExtAuthzHttp: { service: a, port: 80 } }
    - { name: shorter, envoyExtAuthzHttp: { service: a.default.svc, port: 80 } }
    - { name: closed, envoyExtAuthzGrpc: { service: a.default.svc.cluster.local, port: 81 } }
    - { name: log, envoyFileAccessLog: { path: /dev/stdout } }
`;
  const found = (provider: string): readonly string[] => {
    const directory = createDirectory();
    const { diagnostics } = directory.write({
      "a.yaml": documents(service("a"), PROVIDERS),
      "policy.yaml": policy(provider),
    });
    return diagnostics.map(({ position, message }) => `${String(position?.line)}: ${message}`);
  };

  it.each([
    ["missing", "is none of the mesh configuration's extensionProviders"],
    ["log", "is no external authorizer"],
    ["nowhere", "cannot be asked: there is no service b.default.svc.cluster.local"],
    [
      "short",
      "cannot be asked: there is no service a; give its full name, a.default.svc.cluster.local",
    ],
    [
      "shorter",
      "cannot be asked: there is no service a.default.svc; give its full name, a.default.svc.cluster.local",
    ],
    ["closed", "cannot be asked: service a.default.svc.cluster.local has no port 81"],
    ["wrong", 'cannot be asked: pathPrefix "check" does not begin with /'],
  ])("is warned of when it is %s, for all is denied then", (provider, problem) => {
    const consequence = "every request that the policy is for is denied";
    expect(found(provider)).toEqual([`6: provider "${provider}" ${problem}: ${consequence}`]);
  });

  it("is not warned of when it can be asked", () => {
    expect(found("good")).toEqual([]);
  });
});

describe("the providers to which proxies tell of requests by default", () => {
  it("are warned of where the mesh names some that nothing is told", () => {
    const config = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    defaultProviders:
      accessLogging: [envoy, otel, prometheus]
      metrics: [prometheus, promethus]
    extensionProviders:
    - { name: otel, envoyOtelAls: { service: logs.example.com, port: 4317 } }
`;
    const { diagnostics } = createDirectory().write({ "c.yaml": config });
    expect(
      diagnostics.map(({ severity, position, message }) =>
        [position?.line, severity, message].join(" "),
      ),
    ).toEqual([
      `7 warning provider "otel" cannot be told: there is no service logs.example.com: nothing is logged to it`,
      `7 warning the access log of provider "prometheus", which is no log, has no effect in fairlead`,
      `8 warning provider "promethus" is none of the mesh configuration's extensionProviders: no metrics are made for it`,
    ]);
  });
});

describe("the provider to which proxies report spans by default", () => {
  const found = (defaults: string, ...more: readonly string[]): readonly string[] => {
    const config = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    defaultProviders:
      tracing: ${defaults}
    extensionProviders:
    - { name: zipkin, zipkin: { service: a.default.svc.cluster.local, port: 80 } }
    - { name: wrong, zipkin: { service: a.default.svc.cluster.local, port: 80, headers: [{ name: a b }] } }
    - { name: lightstep, lightstep: { service: a.b, port: 80, accessToken: a } }
    - { name: untold, lightstep: { service: a.default.svc.cluster.local, port: 80, accessToken: "a\\nb" } }
    - { name: stackdriver, stackdriver: {} }
`;
    const { diagnostics } = createDirectory().write({ "c.yaml": documents(config, ...more) });
    return diagnostics.map(({ position, message }) => `${String(position?.line)}: ${message}`);
  };

  it("is warned of where the mesh names it, when nothing can be reported to it", () => {
    expect(found("[zipkin]")).toEqual([
      `7: provider "zipkin" cannot be told of spans: there is no service a.default.svc.cluster.local: nothing is traced`,
    ]);
    expect(found("[wrong]", service("a"))).toEqual([
      `7: provider "wrong" cannot be told of spans: "a b" is no name of a header: nothing is traced`,
    ]);
    expect(found("[lightstep]", service("a"))).toEqual([
      `7: provider "lightstep" cannot be told of spans: there is no service a.b: nothing is traced`,
    ]);
    expect(found("[untold]", service("a"))).toEqual([
      expect.stringMatching(
        /^7: provider "untold" cannot be told of spans: .*: nothing is traced$/,
      ),
    ]);
    expect(found("[stackdriver]", service("a"))).toEqual([
      `7: tracing by provider "stackdriver", to which Envoy reports no spans, has no effect in fairlead`,
    ]);
  });

  it("is not warned of when its service is there", () => {
    expect(found("[zipkin]", service("a"))).toEqual([]);
    expect(found("[]")).toEqual([]);
  });
});

describe("the provider of an access log, of metrics or of spans", () => {
  const CONFIG = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    extensionProviders:
    - { name: file, envoyFileAccessLog: { path: /var/log/envoy } }
    - { name: als, envoyHttpAls: { service: als.example.com, port: 80 } }
    - { name: zipkin, zipkin: { service: zipkin.example.com, port: 80 } }
`;
  const LIGHTSTEP = "lightstep: { address: ADDRESS, accessToken: a }";
  const found = (asked: string, field = "accessLogging"): readonly string[] => {
    const telemetry = `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs }
spec:
  ${field}: [${asked}]
`;
    const { diagnostics } = createDirectory().write({ "a.yaml": CONFIG, "t.yaml": telemetry });
    return diagnostics.map(
      ({ severity, code, position, message }) =>
        `${String(position?.line)} ${severity} ${code}: ${message}`,
    );
  };

  it.each([
    ["spans.tracing:80", undefined],
    ["spans.tracing:80", undefined, LIGHTSTEP],
    ["spans.trading:80", "there is no service spans.trading", LIGHTSTEP],
    ["spans.tracing.svc:80", undefined],
    ["spans.tracing.svc.cluster.local:80", undefined],
    ["spans.tracing:81", "service spans.tracing.svc.cluster.local has no port 81"],
    ["spans.trading:80", "there is no service spans.trading"],
  ])(
    "is known by the names that pods know it by, where it is the proxies' own: %s",
    (address, problem, tracer = "zipkin: { address: ADDRESS }") => {
      const mesh = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    defaultConfig: { tracing: { ${tracer.replace("ADDRESS", `"${address}"`)} } }
`;
      const service = `apiVersion: v1
kind: Service
metadata: { name: spans, namespace: tracing }
spec: { ports: [{ port: 80 }] }
`;
      const { diagnostics } = createDirectory().write({ "mesh.yaml": mesh, "spans.yaml": service });
      const message = `the tracer cannot be told of spans: ${String(problem)}: nothing is traced unless a provider is named`;
      expect(diagnostics.map(({ message: one }) => one)).toEqual(
        problem === undefined ? [] : [expect.stringContaining(message)],
      );
      expect(diagnostics.map(({ position }) => position?.line)).toEqual(
        problem === undefined ? [] : [6],
      );
    },
  );

  it("is warned of when it is missing", () => {
    expect(found("{ providers: [{ name: file }, { name: fle }] }")).toEqual([
      `5 warning IST0101: provider "fle" is none of the mesh configuration's extensionProviders: nothing is logged to it`,
    ]);
  });

  it("is warned of when it is no log, or one that cannot be told", () => {
    expect(found("{ providers: [{ name: zipkin }, { name: als }] }")).toEqual([
      `5 warning not-applied: the access log of provider "zipkin", which is no log, has no effect in fairlead`,
      `5 warning IST0101: provider "als" cannot be told: there is no service als.example.com: nothing is logged to it`,
    ]);
  });

  it("is warned of when it is to have metrics and is not Prometheus", () => {
    expect(found("{ providers: [{ name: prometheus }, { name: als }] }", "metrics")).toEqual([
      `5 warning not-applied: the metrics of provider "als", which is no prometheus, has no effect in fairlead`,
    ]);
  });

  it("is warned of when it is to trace and cannot", () => {
    const tracing = (name: string) => found(`{ providers: [{ name: ${name} }] }`, "tracing");
    expect(tracing("zipkni")).toEqual([
      `5 warning IST0101: provider "zipkni" is none of the mesh configuration's extensionProviders: nothing is traced`,
    ]);
    expect(tracing("zipkin")).toEqual([
      `5 warning IST0101: provider "zipkin" cannot be told of spans: there is no service zipkin.example.com: nothing is traced`,
    ]);
    expect(tracing("als")).toEqual([
      `5 warning not-applied: tracing by provider "als", to which Envoy reports no spans, has no effect in fairlead`,
    ]);
    expect(found("{ disableSpanReporting: true, providers: [{ name: als }] }", "tracing")).toEqual(
      [],
    );
  });

  it("is not warned of when it logs to a file, or is not to log", () => {
    expect(found("{ providers: [{ name: File }, { name: envoy }] }")).toEqual([]);
    expect(found("{ disabled: true, providers: [{ name: als }] }")).toEqual([]);
  });
});

describe("a Telemetry that switches off logs and names no provider", () => {
  const CONFIG = (config: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: '${config}' }
`;
  const telemetry = (namespace: string, accessLogging: string): string =>
    `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: logs, namespace: ${namespace} }
spec: { accessLogging: [${accessLogging}] }
`;
  const SILENT = telemetry("shop", "{ disabled: true }");
  const FILE = '"accessLogFile": "/dev/stdout"';
  const DEFAULT = '"defaultProviders": { "accessLogging": ["envoy"] }';
  const found = (config: string, ...telemetries: readonly string[]): readonly string[] =>
    linesOf(
      createDirectory().write({ "a.yaml": CONFIG(config), "t.yaml": documents(...telemetries) }),
    );

  it("is warned of where the log file of the mesh goes on", () => {
    expect(found(`{ ${FILE} }`, SILENT)).toEqual([
      "mesh/t.yaml:4:37 warning nothing-disabled Telemetry logs.shop",
    ]);
  });

  it("is not warned of where it speaks of a provider, or nothing is logged", () => {
    expect(found("{}", SILENT)).toEqual([]);
    expect(found(`{ ${FILE}, ${DEFAULT} }`, SILENT)).toEqual([]);
    const named = "{ providers: [{ name: envoy }] }";
    expect(found(`{ ${FILE} }`, telemetry("istio-system", named), SILENT)).toEqual([]);
    expect(found(`{ ${FILE} }`, telemetry("shop", `${named}, { disabled: true }`))).toEqual([]);
    expect(found(`{ ${FILE} }`, telemetry("other", named), SILENT)).toHaveLength(1);
  });

  it("is no longer warned of when another names one", () => {
    const directory = createDirectory();
    const before = directory.write({ "a.yaml": CONFIG(`{ ${FILE} }`), "t.yaml": SILENT });
    expect(before.diagnostics).toHaveLength(1);
    const mesh = telemetry("istio-system", "{ providers: [{ name: envoy }] }");
    expect(directory.write({ "mesh.yaml": mesh }).diagnostics).toEqual([]);
  });
});

describe("a server's maximum version of TLS", () => {
  const edge = (tls: string): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  servers:
  - port: { number: 443, name: https, protocol: HTTPS }
    hosts: ["*"]
    tls:
      mode: SIMPLE
      serverCertificate: /tls/crt.pem
      privateKey: /tls/key.pem
      ${tls}
`;
  const sidecar = (tls: string): string => `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: app }
spec:
  workloadSelector: { labels: { app: a } }
  ingress:
  - port: { number: 8443, name: https, protocol: HTTPS }
    defaultEndpoint: 127.0.0.1:8080
    tls:
      mode: SIMPLE
      serverCertificate: /tls/crt.pem
      privateKey: /tls/key.pem
      ${tls}
`;
  const config = (minimum: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: "tlsDefaults: { minProtocolVersion: ${minimum} }"
`;
  const found = (
    resource: string,
    minimum: string,
  ): readonly { readonly line: number | undefined; readonly message: string }[] => {
    const { diagnostics } = createDirectory().write({
      "config.yaml": config(minimum),
      "resource.yaml": resource,
    });
    return diagnostics
      .filter(({ code }) => code === "no-tls-version")
      .map(({ position, message }) => ({ line: position?.line, message }));
  };

  it.each([
    ["Gateway", edge],
    ["Sidecar", sidecar],
  ])("of a %s is warned of below the minimum of the mesh, at its line", (_kind, resource) => {
    const written = resource("maxProtocolVersion: TLSV1_2");
    const line = written.split("\n").findIndex((one) => one.includes("maxProtocolVersion")) + 1;
    const message =
      "no client can connect: maxProtocolVersion TLSV1_2 is below TLSV1_3, the minimum by the mesh configuration's " +
      "tlsDefaults; raise the maximum, or give the server a minProtocolVersion";
    expect(found(written, "TLSV1_3")).toEqual([{ line, message }]);
  });

  it("is warned of below the server's own minimum", () => {
    const own = edge("minProtocolVersion: TLSV1_3\n      maxProtocolVersion: TLSV1_2");
    expect(found(own, "TLSV1_2").map(({ message }) => message)).toEqual([
      "no client can connect: maxProtocolVersion TLSV1_2 is below TLSV1_3, the minimum by minProtocolVersion; " +
        "lower one or raise the other",
    ]);
  });

  it.each([
    ["is the minimum", "maxProtocolVersion: TLSV1_3", "TLSV1_3"],
    ["is no limit", "maxProtocolVersion: TLS_AUTO", "TLSV1_3"],
    [
      "has a minimum of its own",
      "minProtocolVersion: TLSV1_2\n      maxProtocolVersion: TLSV1_2",
      "TLSV1_3",
    ],
    ["is above no minimum", "maxProtocolVersion: TLSV1_2", "TLS_AUTO"],
  ])("is in order when it %s", (_what, tls, minimum) => {
    expect(found(edge(tls), minimum)).toEqual([]);
  });

  it("is of no account where TLS is passed on, and warned of again when the mesh's minimum rises", () => {
    const passing = edge("maxProtocolVersion: TLSV1_2").replace("SIMPLE", "PASSTHROUGH");
    expect(found(passing, "TLSV1_3")).toEqual([]);
    const directory = createDirectory();
    const codes = ({
      diagnostics,
    }: {
      diagnostics: readonly { code: string }[];
    }): readonly string[] =>
      diagnostics.map(({ code }) => code).filter((code) => code === "no-tls-version");
    const before = directory.write({
      "config.yaml": config("TLSV1_2"),
      "edge.yaml": edge("maxProtocolVersion: TLSV1_2"),
    });
    expect(codes(before)).toEqual([]);
    expect(codes(directory.write({ "config.yaml": config("TLSV1_3") }))).toEqual([
      "no-tls-version",
    ]);
  });
});

describe("what is for the whole mesh, in a mesh that takes some namespaces alone", () => {
  const mesh = (config: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    ${config}
`;
  const labelled = (name: string, value: string): string =>
    `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {mesh: "${value}"}}}\n`;
  const strict = (namespace: string): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: ${namespace}}
spec: {mtls: {mode: STRICT}}
`;
  const SELECTORS = 'discoverySelectors: [{matchLabels: {mesh: "on"}}]';

  it("is told of while no selector takes the root namespace", () => {
    const directory = createDirectory();
    const files = {
      "mesh.yaml": mesh(SELECTORS),
      "strict.yaml": strict("istio-system"),
      "other.yaml": strict("other"),
    };
    const { diagnostics } = directory.write(files);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'none of the mesh\'s discoverySelectors takes "istio-system", its root namespace, so that the resource has no effect',
    ]);
    expect(linesOf(directory.write({ "ns.yaml": labelled("istio-system", "on") }))).toEqual([]);
    expect(linesOf(directory.write({ "ns.yaml": labelled("istio-system", "off") }))).toHaveLength(
      1,
    );
    expect(linesOf(directory.write({ "mesh.yaml": mesh("{}") }))).toEqual([]);
  });

  it("is that of the root namespace which the mesh names", () => {
    const directory = createDirectory();
    const lines = linesOf(
      directory.write({
        "mesh.yaml": mesh(`${SELECTORS}\n    rootNamespace: other`),
        "strict.yaml": strict("istio-system"),
        "other.yaml": strict("other"),
      }),
    );
    expect(lines).toEqual([
      "mesh/other.yaml:3:38 warning left-out PeerAuthentication default.other",
    ]);
  });
});
