import { describe, expect, test } from "vitest";
import type { ConfigResource } from "../../../../src/config/resource.js";
import { desiredMesh } from "../../../../src/up/desired-mesh.js";
import { MADE_ANNOTATIONS } from "../../../../src/up/made/made.js";
import { podAddresses } from "../../../../src/up/pods/addresses.js";
import { type TryLine, type TryOptions, tryLines } from "../../../../src/up/terminal/try-lines.js";
import { deployment, INJECTED, resource, tablesOf } from "../fixtures.js";

const MY_SERVICE = [
  deployment("my-service"),
  resource("Service", "my-service", {
    spec: { selector: { app: "my-service" }, ports: [{ port: 80, targetPort: 8080 }] },
  }),
];
const PAYMENTS = [
  deployment("payments-v1", { labels: { app: "payments", version: "v1" } }),
  deployment("payments-v2", { labels: { app: "payments", version: "v2" } }),
  resource("Service", "payments", {
    spec: { selector: { app: "payments" }, ports: [{ port: 80, targetPort: 8080 }] },
  }),
];
const INGRESS = [
  resource("Service", "istio-ingressgateway.istio-system", {
    spec: {
      selector: { istio: "ingressgateway" },
      ports: [{ port: 443, targetPort: 8443 }],
    },
  }),
  resource("Gateway", "my-gateway.istio-system", {
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [
        {
          port: { number: 443, name: "https", protocol: "HTTPS" },
          tls: { mode: "SIMPLE", credentialName: "app-tls" },
          hosts: ["*.example.com"],
        },
      ],
    },
  }),
  resource("VirtualService", "my-service", {
    spec: {
      hosts: ["app.example.com"],
      gateways: ["istio-system/my-gateway"],
      http: [{ route: [{ destination: { host: "my-service.default.svc.cluster.local" } }] }],
    },
  }),
];
const EXTERNAL = resource("ServiceEntry", "ext", {
  spec: {
    hosts: ["ext.example.com"],
    ports: [{ number: 443, name: "https", protocol: "HTTPS" }],
    resolution: "DNS",
  },
});

/** The commands for some files, with pods placed in their order from 127.30.0.1 on. */
const commands = (...given: Parameters<typeof linesFor>): readonly string[] =>
  linesFor(...given).map(({ command }) => command);

function linesFor(
  resources: readonly ConfigResource[],
  options: Partial<TryOptions> = {},
): readonly TryLine[] {
  const tables = tablesOf(INJECTED, ...resources);
  const pods = desiredMesh(tables).pods.map((pod, i) => ({ ...pod, addresses: podAddresses(i) }));
  return tryLines({
    tables,
    pods,
    standIns: [],
    rootFile: "/state/root.pem",
    curlHasProxy: false,
    ...options,
  });
}

describe("through the gateway", () => {
  test("by HTTPS trusts the development root and goes where the gateway listens", () => {
    expect(commands([...INGRESS, ...MY_SERVICE])[0]).toBe(
      "curl --cacert /state/root.pem --connect-to app.example.com:443:127.30.0.2:8443 https://app.example.com/",
    );
  });

  test("says what it comes to where no workload is behind the Service", () => {
    const title = (...behind: readonly ConfigResource[]): string | undefined =>
      linesFor([...INGRESS, ...behind])[0]?.title;
    const [workload, service] = MY_SERVICE as [ConfigResource, ConfigResource];
    expect(title(service)).toBe(
      "through the gateway, by HTTPS; 503, as no workload is behind my-service",
    );
    expect(title(service, workload)).toBe("through the gateway, by HTTPS");
    expect(title()).toBe("through the gateway, by HTTPS");
    expect(title(resource("Service", "my-service", { spec: { ports: [{ port: 80 }] } }))).toBe(
      "through the gateway, by HTTPS",
    );
  });

  test("does not ask for a root when the certificate is the user's", () => {
    const secret = (annotations: Readonly<Record<string, string>>): ConfigResource =>
      resource("Secret", "app-tls.istio-system", { annotations });
    expect(commands([...INGRESS, secret({})])[0]).toContain("curl --insecure ");
    expect(commands([...INGRESS, secret(MADE_ANNOTATIONS)])[0]).toContain("curl --cacert ");
  });

  test("by HTTP for any host asks for the first path that is routed", () => {
    const gateway = resource("Gateway", "bookinfo-gateway", {
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    });
    const routes = resource("VirtualService", "bookinfo", {
      spec: {
        hosts: ["*"],
        gateways: ["bookinfo-gateway"],
        http: [
          {
            match: [{ uri: { exact: "/productpage" } }],
            route: [{ destination: { host: "my-service" } }],
          },
        ],
      },
    });
    expect(commands([gateway, routes])).toEqual(["curl http://127.30.0.1:8080/productpage"]);
  });

  test("is not offered for servers without routes, nor for those that want a client's certificate", () => {
    const [service, , routes] = INGRESS as [ConfigResource, ConfigResource, ConfigResource];
    const mutual = resource("Gateway", "my-gateway.istio-system", {
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [
          {
            port: { number: 443, name: "https", protocol: "HTTPS" },
            tls: { mode: "MUTUAL", credentialName: "app-tls" },
            hosts: ["app.example.com"],
          },
        ],
      },
    });
    expect(commands([service, mutual, routes])).toEqual([]);
    expect(commands(INGRESS.slice(0, 2))).toEqual([]);
  });
});

describe("from a sidecar", () => {
  test("calls the service with the most versions, from the application behind the gateway", () => {
    const lines = commands([...PAYMENTS, ...MY_SERVICE, ...INGRESS]);
    expect(lines.slice(1)).toEqual([
      "curl -x http://127.32.0.1:15007 http://payments/",
      `for i in $(seq 100); do curl -s -x http://127.32.0.1:15007 http://payments/ | grep -o '"version": "[^"]*'; done | sort | uniq -c`,
    ]);
  });

  test("names the namespace and the port of a service where it has to", () => {
    const other = [
      resource("Namespace", "shop", { labels: { "istio-injection": "enabled" } }),
      deployment("cart.shop"),
      resource("Service", "cart.shop", {
        spec: {
          selector: { app: "cart" },
          ports: [
            { name: "tcp", port: 1 },
            { name: "http-web", port: 9080 },
          ],
        },
      }),
    ];
    expect(commands([deployment("a"), ...other])).toEqual([
      "curl -x http://127.32.0.1:15007 http://cart.shop:9080/",
    ]);
  });

  test("calls a host outside the mesh, and trusts its stand-in", () => {
    const standIn = {
      host: "ext.example.com",
      name: "ext.example.com",
      port: 443,
      address: "127.33.0.1",
      standInPort: 443,
      rootsFile: "/state/root.pem",
    };
    expect(commands([deployment("a"), EXTERNAL])).toEqual([
      "curl -x http://127.32.0.1:15007 https://ext.example.com/",
    ]);
    expect(commands([deployment("a"), EXTERNAL], { standIns: [standIn] })).toEqual([
      "curl --cacert /state/root.pem -x http://127.32.0.1:15007 https://ext.example.com/",
    ]);
  });

  test("calls a host that an ExternalName names, where its certificate need not be for that", () => {
    const named = resource("Service", "ext", {
      spec: {
        type: "ExternalName",
        externalName: "api.example.org",
        ports: [
          { port: 443, name: "https" },
          { port: 8080, name: "http" },
        ],
      },
    });
    expect(commands([deployment("a"), named])).toContain(
      "curl -x http://127.32.0.1:15007 http://ext.default.svc.cluster.local:8080/",
    );
  });

  test("names one of the hosts of a wildcard that is looked up", () => {
    const world = resource("ServiceEntry", "world", {
      spec: {
        hosts: ["*.example.com"],
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        resolution: "DYNAMIC_DNS",
      },
    });
    expect(commands([deployment("a"), world])).toEqual([
      "curl -x http://127.32.0.1:15007 http://www.example.com/",
    ]);
  });

  test("is not offered when no pod has one", () => {
    expect(commands([EXTERNAL])).toEqual([]);
  });
});

test("overrules a proxy that the environment tells curl of", () => {
  const lines = commands([...INGRESS, ...MY_SERVICE, EXTERNAL], { curlHasProxy: true });
  expect(lines[0]).toContain("--noproxy '*'");
  expect(lines.at(-1)).toContain("-x http://127.32.0.1:15007 --noproxy ''");
});

test("quotes a path that a shell would take apart", () => {
  const [line] = commands([...INGRESS], { rootFile: "/home/o'hara/my state/root.pem" });
  expect(line).toContain(`--cacert '/home/o'\\''hara/my state/root.pem'`);
});

test("calls nothing that is in a namespace which is none of the mesh's", () => {
  const mesh = "discoverySelectors: [{ matchLabels: { mesh: 'on' } }]";
  const selecting = resource("ConfigMap", "istio.istio-system", { spec: { data: { mesh } } });
  const resources = [...INGRESS, deployment("a"), ...PAYMENTS, EXTERNAL];
  expect(commands(resources)).not.toEqual([]);
  expect(commands([selecting, ...resources])).toEqual([]);
});
