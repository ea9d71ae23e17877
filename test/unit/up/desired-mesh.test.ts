import { describe, expect, test } from "vitest";
import type { KubernetesGatewaySpec } from "../../../src/config/kinds/gateway-api/gateway.js";
import type { SpecOf } from "../../../src/config/kinds.js";
import type { ConfigResource } from "../../../src/config/resource.js";
import { desiredMesh } from "../../../src/up/desired-mesh.js";
import { MADE_ANNOTATIONS } from "../../../src/up/made/made.js";
import { deployment, INJECTED, resource, tablesOf } from "./fixtures.js";

const INGRESS_SERVICE = resource("Service", "istio-ingressgateway.istio-system", {
  spec: {
    selector: { istio: "ingressgateway" },
    ports: [
      { name: "http2", port: 80, targetPort: 8080 },
      { name: "https", port: 443, targetPort: 8443 },
    ],
  },
});
const HTTPS_SERVER = {
  port: { number: 443, name: "https", protocol: "HTTPS" },
  tls: { mode: "SIMPLE", credentialName: "app-tls" },
  hosts: ["app.example.com"],
} as const;
const GATEWAY = resource("Gateway", "my-gateway.istio-system", {
  spec: { selector: { istio: "ingressgateway" }, servers: [HTTPS_SERVER] },
});

const podsIn = (...resources: readonly ConfigResource[]): readonly string[] =>
  desiredMesh(tablesOf(...resources)).pods.map(
    ({ name, namespace, proxy }) => `${name}.${namespace} ${proxy}`,
  );

test("an Ingress asks for a gateway and a certificate as a Gateway does", () => {
  const ingress = resource("Ingress", "one", {
    annotations: { "kubernetes.io/ingress.class": "istio" },
    spec: { tls: [{ hosts: ["app.example.com"], secretName: "app-tls" }] },
  });
  const { credentials, madeGateways } = desiredMesh(tablesOf(ingress));
  expect(credentials).toEqual([
    { namespace: "istio-system", name: "app-tls", hosts: ["app.example.com"] },
  ]);
  expect(madeGateways.map(({ workload, servicePorts }) => [workload.name, servicePorts])).toEqual([
    [
      "istio-ingressgateway",
      [
        { name: "http-80-ingress-one-default", port: 80, targetPort: 8080 },
        { name: "https-443-ingress-one-default-0", port: 443, targetPort: 8443 },
      ],
    ],
  ]);
});

describe("a Gateway of the Gateway API", () => {
  const kubernetesGateway = (namespace: string): ConfigResource =>
    resource("KubernetesGateway", `edge.${namespace}`, {
      spec: {
        gatewayClassName: "istio",
        listeners: [
          { name: "http", port: 80, protocol: "HTTP" },
          {
            name: "https",
            port: 443,
            protocol: "HTTPS",
            hostname: "app.example.com",
            tls: { certificateRefs: [{ name: "app-tls" }] },
          },
        ],
      },
    });
  const labels = { "gateway.networking.k8s.io/gateway-name": "edge" };

  test("asks for a gateway of its namespace and a certificate", () => {
    const { credentials, madeGateways } = desiredMesh(tablesOf(kubernetesGateway("front")));
    expect(credentials).toEqual([
      { namespace: "front", name: "app-tls", hosts: ["app.example.com"] },
    ]);
    expect(madeGateways).toMatchObject([
      {
        workload: { name: "edge-istio", namespace: "front", labels },
        servicePorts: [
          { name: "http-80", port: 80, targetPort: 8080 },
          { name: "https-443", port: 443, targetPort: 8443 },
        ],
      },
    ]);
  });

  test("is asked for by the listeners that a set of another namespace adds to it", () => {
    const empty = resource("KubernetesGateway", "edge.front", {
      spec: {
        gatewayClassName: "istio",
        listeners: [],
        allowedListeners: { namespaces: { from: "All" } },
      },
    });
    const set = resource("ListenerSet", "more.team", {
      spec: {
        parentRef: { name: "edge", namespace: "front" },
        listeners: [
          {
            name: "https",
            port: 443,
            protocol: "HTTPS",
            hostname: "team.example.com",
            tls: { certificateRefs: [{ name: "team-tls" }] },
          },
        ],
      },
    });
    const { credentials, madeGateways } = desiredMesh(tablesOf(empty, set));
    expect(credentials).toEqual([
      { namespace: "team", name: "team-tls", hosts: ["team.example.com"] },
    ]);
    expect(madeGateways).toMatchObject([
      {
        workload: { name: "edge-istio", namespace: "front", labels },
        servicePorts: [{ name: "https-443", port: 443, targetPort: 8443 }],
      },
    ]);
  });

  test("gives its pods the labels and annotations that it asks for them, or else its own", () => {
    const gateway = (
      infrastructure: KubernetesGatewaySpec["infrastructure"],
      annotations = { "proxy.istio.io/config": "concurrency: 3" },
    ): ConfigResource =>
      resource("KubernetesGateway", "edge.front", {
        labels: { team: "own" },
        annotations,
        spec: {
          gatewayClassName: "istio",
          listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
          ...(infrastructure === undefined ? {} : { infrastructure }),
        },
      });
    const madeFor = (one: ConfigResource) => desiredMesh(tablesOf(one)).madeGateways[0]?.workload;
    const always = { ...labels, "gateway.networking.k8s.io/gateway-class-name": "istio" };
    expect(madeFor(gateway(undefined))).toMatchObject({
      labels: { ...always, team: "own" },
      concurrency: 3,
      serviceAccount: "edge-istio",
    });
    const infrastructure = {
      labels: { tier: "edge", "gateway.networking.k8s.io/gateway-name": "other" },
      annotations: { "proxy.istio.io/config": "concurrency: 2" },
    };
    const asked = madeFor(gateway(infrastructure));
    expect(asked?.labels).toEqual({ ...always, tier: "edge" });
    expect(asked?.concurrency).toBe(2);
    const labelled = madeFor(gateway({ labels: {} }));
    expect(labelled?.labels).toEqual(always);
    expect(labelled?.concurrency).toBe(1);
    const account = { "gateway.istio.io/service-account": "edge", "proxy.istio.io/config": "" };
    expect(madeFor(gateway({}, account))?.serviceAccount).toBe("edge");
  });

  test("is what pods of its namespace with its name in a label are", () => {
    const pod = (namespace: string): ConfigResource =>
      resource("Pod", `own.${namespace}`, { labels, spec: {} });
    expect(podsIn(INJECTED, kubernetesGateway("front"), pod("front"))).toEqual([
      "own-0.front router",
    ]);
    expect(podsIn(INJECTED, kubernetesGateway("front"), pod("other"))).toContain(
      "edge-istio-0.front router",
    );
  });

  test("is the pods behind the Service that its address names", () => {
    const gateway = kubernetesGateway("front");
    const named = { ...(gateway.spec as object), addresses: [{ type: "Hostname", value: "door" }] };
    const service = resource("Service", "door.front", { spec: { selector: { app: "door" } } });
    const pod = resource("Pod", "door.front", {
      labels: { app: "door" },
      annotations: { "inject.istio.io/templates": "gateway" },
      spec: {},
    });
    const { credentials, madeGateways } = desiredMesh(
      tablesOf({ ...gateway, spec: named }, service, pod),
    );
    expect(madeGateways).toEqual([]);
    expect(credentials.map(({ name }) => name)).toEqual(["app-tls"]);
  });
});

describe("pods", () => {
  test("are as many as there are addresses for, and not more", () => {
    const most = podsIn(deployment("a", { replicas: 65_023 }), deployment("b"));
    expect(most).toHaveLength(65_024);
    for (const replicas of [65_024, 2 ** 31 - 1]) {
      expect(() => podsIn(deployment("a"), deployment("b", { replicas }))).toThrow(
        `Deployment b.default is to have ${replicas} pods: with all others there can be 65024 on one machine`,
      );
    }
  });

  test("are the replicas of each workload, one when the number is absent", () => {
    const stateful = resource("StatefulSet", "db", {
      spec: { replicas: 2, template: { metadata: { labels: { app: "db" } } } },
    });
    const daemon = resource("DaemonSet", "agent", { spec: { template: {} } });
    const bare = resource("Pod", "shell", { spec: {} });
    expect(
      podsIn(INJECTED, deployment("a"), deployment("b", { replicas: 0 }), stateful, daemon, bare),
    ).toEqual([
      "a-0.default sidecar",
      "db-0.default sidecar",
      "db-1.default sidecar",
      "agent-0.default sidecar",
      "shell-0.default sidecar",
    ]);
  });

  test("leave out Pods that have an address, because they run elsewhere", () => {
    expect(podsIn(resource("Pod", "shell", { spec: {}, status: { podIP: "10.0.0.1" } }))).toEqual(
      [],
    );
  });

  test("of a Deployment and a StatefulSet of one name have different names", () => {
    const stateful = resource("StatefulSet", "a", { spec: { template: {} } });
    expect(podsIn(INJECTED, deployment("a"), stateful)).toEqual([
      "a-0.default sidecar",
      "a-statefulset-0.default sidecar",
    ]);
  });

  test("are all there when a workload is called as the pods of another are for their names' sake", () => {
    const stateful = resource("StatefulSet", "a", { spec: { template: {} } });
    expect(podsIn(INJECTED, deployment("a"), deployment("a-statefulset"), stateful)).toEqual([
      "a-0.default sidecar",
      "a-statefulset-0.default sidecar",
      "a-statefulset-statefulset-0.default sidecar",
    ]);
  });

  test("have no sidecar where injection is disabled", () => {
    const namespace = resource("Namespace", "plain", { labels: { "istio-injection": "disabled" } });
    expect(podsIn(namespace, deployment("a.plain"))).toEqual(["a-0.plain none"]);
  });

  test("listen on the ports of their containers and on those to which services send", () => {
    const app = deployment("a", {
      spec: {
        containers: [
          {
            name: "a",
            ports: [
              { containerPort: 9090, name: "metrics" },
              { containerPort: 53, protocol: "UDP" },
            ],
          },
        ],
      },
    });
    const ports = [
      { port: 80, targetPort: 8080 },
      { port: 81, targetPort: "metrics" },
      { port: 82, targetPort: "unknown" },
      { port: 83 },
      { port: 53, protocol: "UDP" },
    ] as const;
    const service = resource("Service", "a", { spec: { selector: { app: "a" }, ports } });
    const other = resource("Service", "a.other", {
      spec: { selector: { app: "a" }, ports: [{ port: 84 }] },
    });
    const headless = resource("Service", "none", { spec: { ports: [{ port: 85 }] } });
    const entry = resource("ServiceEntry", "e", {
      spec: {
        hosts: ["a.example.com"],
        workloadSelector: { labels: { app: "a" } },
        ports: [
          { number: 86, name: "http", targetPort: 8086 },
          { number: 87, name: "tcp", targetPort: 0 },
        ],
      },
    });
    const sidecar = resource("Sidecar", "s", {
      spec: {
        workloadSelector: { labels: { app: "a" } },
        ingress: [
          { port: { number: 88, name: "http", protocol: "HTTP" } },
          {
            port: { number: 89, name: "http-2", protocol: "HTTP" },
            defaultEndpoint: "127.0.0.1:8089",
          },
          {
            port: { number: 90, name: "http-3", protocol: "HTTP" },
            defaultEndpoint: "unix:///run/a.sock:1",
          },
        ],
      },
    });
    const { pods } = desiredMesh(tablesOf(app, service, other, headless, entry, sidecar));
    expect(pods.map(({ appPorts }) => appPorts)).toEqual([[83, 87, 88, 8080, 8086, 8089, 9090]]);
  });

  test("run as the service account of their template", () => {
    const { pods } = desiredMesh(
      tablesOf(deployment("a"), deployment("b", { spec: { serviceAccountName: "pay" } })),
    );
    expect(pods.map(({ serviceAccount }) => serviceAccount)).toEqual(["default", "pay"]);
  });
});

describe("gateways", () => {
  test("are made where the Service in front of them is, with its labels", () => {
    const service = resource("Service", "edge.web", {
      spec: { selector: { istio: "ingressgateway", app: "edge" }, ports: [{ port: 443 }] },
    });
    const { madeGateways } = desiredMesh(tablesOf(GATEWAY, service));
    expect(madeGateways).toEqual([
      {
        workload: expect.objectContaining({
          name: "edge",
          namespace: "web",
          proxy: "router",
          labels: { istio: "ingressgateway", app: "edge" },
          serviceAccount: "edge",
        }),
      },
    ]);
  });

  test("are made in istio-system with a Service of their own when no Service is in front of them", () => {
    const other = resource("Service", "other", {
      spec: { selector: { istio: "egressgateway" }, ports: [] },
    });
    const gateway = resource("Gateway", "bookinfo", {
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [
          { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] },
          { port: { number: 8080, name: "http-alt", protocol: "HTTP" }, hosts: ["*"] },
        ],
      },
    });
    const unrelated = resource("Service", "app", { spec: { selector: { app: "a" }, ports: [] } });
    const { madeGateways, pods } = desiredMesh(tablesOf(gateway, other, unrelated));
    expect(madeGateways[0]?.servicePorts).toEqual([
      { name: "http", port: 80, targetPort: 16080 },
      { name: "http-alt", port: 8080, targetPort: 8080 },
    ]);
    expect(pods.map((pod) => `${pod.name}.${pod.namespace}`)).toEqual([
      "istio-ingressgateway-0.istio-system",
    ]);
  });

  test("are not made where a declared workload has the labels", () => {
    const declared = deployment("edge.istio-system", { labels: { istio: "ingressgateway" } });
    const { madeGateways, pods } = desiredMesh(tablesOf(GATEWAY, declared));
    expect(madeGateways).toEqual([]);
    expect(pods.map(({ name, proxy }) => `${name} ${proxy}`)).toEqual(["edge-0 router"]);
  });

  test("that need fewer labels share the one that has more", () => {
    const narrow = resource("Gateway", "narrow", {
      spec: { selector: { istio: "ingressgateway", zone: "a" }, servers: [] },
    });
    expect(desiredMesh(tablesOf(GATEWAY, narrow)).madeGateways).toHaveLength(1);
  });

  test("have the labels of Istio's own, by either of which they are asked for", () => {
    const labels = { app: "istio-ingressgateway", istio: "ingressgateway" };
    const older = resource("Gateway", "older", {
      spec: { selector: { app: "istio-ingressgateway" }, servers: [] },
    });
    const labelsOf = (...resources: readonly ConfigResource[]) =>
      desiredMesh(tablesOf(...resources)).madeGateways.map(({ workload }) => workload.labels);
    expect(labelsOf(GATEWAY)).toEqual([labels]);
    expect(labelsOf(older)).toEqual([labels]);
    expect(labelsOf(GATEWAY, older, INGRESS_SERVICE)).toEqual([labels]);
    const other = resource("Gateway", "other", {
      spec: { selector: { istio: "edge", app: "edge" }, servers: [] },
    });
    expect(labelsOf(other)).toEqual([{ istio: "edge", app: "edge" }]);
  });

  test("of an injection template are gateways", () => {
    const declared = deployment("edge", {
      annotations: { "inject.istio.io/templates": "gateway" },
    });
    expect(podsIn(INJECTED, declared)).toEqual(["edge-0.default router"]);
  });
});

describe("credentials", () => {
  test("are made for the hosts of the servers that name them, where the gateway runs", () => {
    const second = resource("Gateway", "second", {
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [{ ...HTTPS_SERVER, hosts: ["./b.example.com", "*", "team/*.c.example.com"] }],
      },
    });
    const { credentials } = desiredMesh(tablesOf(GATEWAY, INGRESS_SERVICE, second));
    expect(credentials).toEqual([
      {
        namespace: "istio-system",
        name: "app-tls",
        hosts: ["*.c.example.com", "app.example.com", "b.example.com"],
      },
    ]);
  });

  test("are not made when there is a Secret, and go on being made when it is a made one", () => {
    const secret = resource("Secret", "app-tls.istio-system", { spec: {} });
    const made = resource("Secret", "app-tls.istio-system", { annotations: MADE_ANNOTATIONS });
    expect(desiredMesh(tablesOf(GATEWAY, INGRESS_SERVICE, secret)).credentials).toEqual([]);
    expect(desiredMesh(tablesOf(GATEWAY, INGRESS_SERVICE, made)).credentials).toHaveLength(1);
  });

  test.each([
    ["servers that pass TLS through", { mode: "PASSTHROUGH" }],
    ["names that no Secret can have", { mode: "SIMPLE", credentialName: "file:///a.pem" }],
  ] as const)("are not made for %s", (_, tls) => {
    const gateway = resource("Gateway", "g", {
      spec: { selector: { istio: "ingressgateway" }, servers: [{ ...HTTPS_SERVER, tls }] },
    });
    expect(desiredMesh(tablesOf(gateway)).credentials).toEqual([]);
  });
});

test("external hosts are those that are called by their names, with all of their ports", () => {
  const entry = (name: string, hosts: readonly string[], rest: object): ConfigResource =>
    resource("ServiceEntry", name, { spec: { hosts, ...rest } });
  const https = { number: 443, name: "https", protocol: "HTTPS" };
  const { externalHosts } = desiredMesh(
    tablesOf(
      entry("a", ["ext.example.com"], { ports: [https], resolution: "DNS" }),
      entry("b", ["ext.example.com"], {
        ports: [https, { number: 80, name: "http", protocol: "HTTP", targetPort: 8080 }],
        resolution: "DNS",
      }),
      entry("c", ["*.example.org"], { ports: [https], resolution: "DNS" }),
      entry("d", ["in.example.com"], { resolution: "DNS", location: "MESH_INTERNAL" }),
      entry("e", ["*.example.info"], { ports: [https] }),
      entry("g", ["at.example.com"], { ports: [https], addresses: ["192.0.2.1"] }),
      entry("f", ["*.example.net"], {
        ports: [{ number: 80, name: "http", protocol: "HTTP", targetPort: 0 }],
        resolution: "DYNAMIC_DNS",
      }),
    ),
  );
  expect(externalHosts).toEqual([
    {
      host: "*.example.info",
      name: "*.example.info",
      ports: [{ number: 443, targetPort: 443, protocol: "HTTPS" }],
    },
    {
      host: "*.example.net",
      name: "*.example.net",
      ports: [{ number: 80, targetPort: 80, protocol: "HTTP" }],
    },
    {
      host: "ext.example.com",
      name: "ext.example.com",
      ports: [
        { number: 443, targetPort: 443, protocol: "HTTPS" },
        { number: 80, targetPort: 8080, protocol: "HTTP" },
      ],
    },
  ]);
});

test("external hosts are those that ExternalNames name, unless these are names of what is in the mesh", () => {
  const named = (
    id: string,
    externalName: string,
    ports: NonNullable<SpecOf<"Service">["ports"]>,
  ): ConfigResource =>
    resource("Service", id, { spec: { type: "ExternalName", externalName, ports: [...ports] } });
  const http = { port: 80, name: "http", targetPort: 8080 };
  const { externalHosts } = desiredMesh(
    tablesOf(
      resource("Service", "a", { spec: { ports: [http] } }),
      resource("ServiceEntry", "registered", {
        spec: {
          hosts: ["registered.example.org"],
          ports: [{ number: 80, name: "http", protocol: "HTTP" }],
          resolution: "STATIC",
        },
      }),
      named("inside", "a.default.svc.cluster.local", [http]),
      named("known", "registered.example.org", [http]),
      named("outside.shop", "api.example.org", [http, { port: 53, protocol: "UDP", name: "dns" }]),
      named("by-way", "outside.shop.svc.cluster.local", [{ port: 5432, name: "tcp" }]),
      named("portless", "api.example.org", []),
      named("unnamed", "", [http]),
      named("round", "about.default.svc.cluster.local", [http]),
      named("about", "round.default.svc.cluster.local", [http]),
    ),
  );
  expect(externalHosts).toEqual([
    {
      host: "by-way.default.svc.cluster.local",
      name: "api.example.org",
      ports: [{ number: 5432, targetPort: 5432, protocol: "TCP" }],
    },
    {
      host: "outside.shop.svc.cluster.local",
      name: "api.example.org",
      ports: [{ number: 80, targetPort: 80, protocol: "HTTP" }],
    },
  ]);
});

describe("a credential for calls to a host outside the mesh", () => {
  const partner = resource("ServiceEntry", "partner", {
    spec: {
      hosts: ["partner.example.org"],
      ports: [{ number: 443, name: "https", protocol: "HTTPS" }],
      resolution: "DNS",
    },
  });
  const rule = (id: string, spec: Omit<SpecOf<"DestinationRule">, "host">): ConfigResource =>
    resource("DestinationRule", id, { spec: { host: "partner.example.org", ...spec } });
  const mutual = (credentialName: string) => ({
    trafficPolicy: { tls: { mode: "MUTUAL" as const, credentialName } },
  });
  const needed = (...resources: readonly ConfigResource[]): readonly string[] =>
    desiredMesh(
      tablesOf(INJECTED, deployment("a"), GATEWAY, partner, ...resources),
    ).clientCredentials.map(
      ({ namespace, name, hosts }) => `${namespace}/${name} for ${hosts.join()}`,
    );

  test("is made where gateways, and sidecars that a rule selects, read it", () => {
    expect(needed(rule("all", mutual("client")))).toEqual([
      "istio-system/client for partner.example.org",
    ]);
    expect(needed(rule("all", { ...mutual("client"), exportTo: ["."] }))).toEqual([]);
    const selecting = { workloadSelector: { matchLabels: { app: "a" } }, ...mutual("client") };
    expect(needed(rule("one", selecting))).toEqual(["default/client for partner.example.org"]);
    expect(needed(rule("none.shop", selecting))).toEqual([]);
  });

  test("is none where a file has it, or roots of its own, or it is no Secret", () => {
    const all = rule("all", mutual("client"));
    const secret = (name: string): ConfigResource => resource("Secret", `${name}.istio-system`);
    expect(needed(all, secret("client"))).toEqual([]);
    expect(needed(all, secret("client-cacert"))).toEqual([]);
    expect(needed(rule("all", mutual("configmap://client")))).toEqual([]);
    const inside = rule("inside", mutual("client"));
    const { spec } = inside as { spec: object };
    expect(needed({ ...inside, spec: { ...spec, host: "a" } })).toEqual([]);
  });
});

test("says which namespaces get sidecars although no file declares them", () => {
  const { undeclaredNamespaces } = desiredMesh(
    tablesOf(INJECTED, deployment("a"), deployment("b.shop"), GATEWAY),
  );
  expect(undeclaredNamespaces).toEqual(["shop"]);
});

test("does not run what it made itself", () => {
  const tables = tablesOf(
    resource("Pod", "a-0", { annotations: MADE_ANNOTATIONS }),
    resource("Service", "gw.istio-system", {
      annotations: MADE_ANNOTATIONS,
      spec: { selector: { istio: "ingressgateway" }, ports: [] },
    }),
    GATEWAY,
  );
  const { pods, madeGateways } = desiredMesh(tables);
  expect(pods.map(({ name }) => name)).toEqual(["istio-ingressgateway-0"]);
  expect(madeGateways[0]?.servicePorts).toEqual([{ name: "https", port: 443, targetPort: 8443 }]);
});
