import { describe, expect, it, test } from "vitest";
import { createDirectory } from "../directory.js";
import { findingsOf, tryRows } from "./findings-of.js";

describe("a Service", () => {
  const ports = (...all: object[]) => ({ ports: all });
  tryRows("Service", [
    [
      "can have fields that mean nothing here",
      { healthCheckNodePort: 1, selector: { app: "a" } },
      [],
    ],
    [
      "is told of fields that are almost others",
      { selctor: { app: "a" }, ports: [{ port: 80, tagetPort: 8080 }], constructor: 1 },
      ["warning spec.selctor", "warning spec.ports[0].tagetPort"],
    ],
    [
      "may have fields that are almost such as it has",
      { clusterIP: "None", clusterIPs: ["None"], selector: {}, selectors: 1 },
      [],
    ],
    ["can name the port of its workloads", ports({ port: 80, targetPort: "http" }), []],
    ["has ports in range", ports({ port: 0 }), ["spec.ports[0].port"]],
    [
      "has ports of its workloads in range",
      ports({ port: 80, targetPort: 70000 }),
      ["spec.ports[0].targetPort"],
    ],
    ["may say that it names no port of its workloads", ports({ port: 80, targetPort: 0 }), []],
    [
      "has IP addresses",
      { clusterIP: "/", clusterIPs: ["", "None", "10.0.0.0/8"], externalIPs: ["::1", "a"] },
      ["spec.clusterIP", "spec.clusterIPs[2]", "spec.externalIPs[1]"],
    ],
    ["can stand for an address", { type: "ExternalName", externalName: "192.0.2.1" }, []],
    [
      "stands for the name of a host",
      { type: "ExternalName", externalName: "a\nb" },
      ["spec.externalName"],
    ],
    [
      "should have names for several ports",
      ports({ port: 80 }, { port: 81, name: "a" }),
      ["warning spec.ports[0].name"],
    ],
    [
      "should have different ports of different names",
      ports({ port: 80, name: "a" }, { port: 80, name: "a" }),
      ["warning spec.ports[1].name", "warning spec.ports[1].port"],
    ],
    [
      "can have a port for TCP and UDP",
      ports({ port: 53, name: "a" }, { port: 53, name: "b", protocol: "UDP" }),
      [],
    ],
    [
      "should have protocols below HTTP",
      ports({ port: 80, protocol: "HTTP" }),
      ["warning spec.ports[0].protocol"],
    ],
    ["can ask that clients stay with their endpoints", { sessionAffinity: "ClientIP" }, []],
    [
      "is told that they do so for as long as these stay",
      {
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      },
      ["note spec.sessionAffinityConfig.clientIP.timeoutSeconds"],
    ],
    [
      "is not told so where it does not ask for it",
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } },
      [],
    ],
    [
      "can say the time that Kubernetes takes",
      {
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
      },
      [],
    ],
    [
      "is told that nobody looks at the addresses that may call it",
      { type: "LoadBalancer", loadBalancerSourceRanges: ["192.0.2.0/24"] },
      ["warning spec.loadBalancerSourceRanges"],
    ],
    ["can keep callers to their node", { internalTrafficPolicy: "Local" }, []],
    ["should name what it stands for", { type: "ExternalName" }, ["warning spec.externalName"]],
  ]);
});

test("a Service is told of labels that keep no clients, and that networks are not reached by the name of a gateway", () => {
  const { diagnostics } = createDirectory().write({
    "service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: gateway
  labels:
    istio.io/persistent-session: cookie
    topology.istio.io/network: east
spec: { ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ hostname: a.example.com }, { ip: 192.0.2.1, hostname: b.example.com }] } }
---
apiVersion: v1
kind: Service
metadata: { name: other }
spec: { ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ hostname: a.example.com }] } }
`,
  });
  expect(
    diagnostics.map(({ severity, position, code }) => [severity, position?.line, code]),
  ).toEqual([
    ["warning", 6, "not-applied"],
    ["warning", 9, "not-applied"],
  ]);
});

test("a Service whose status cannot be read is told that", () => {
  const { diagnostics } = createDirectory().write({
    "service.yaml": `apiVersion: v1
kind: Service
metadata: { name: gateway, labels: { topology.istio.io/network: east } }
spec: { ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: nowhere } }
`,
  });
  expect(diagnostics.map(({ position }) => position?.line)).toEqual([5]);
});

test("a Secret with the mesh's authority is told to be none here, and another of that name is not", () => {
  const authority = (key: string) => `apiVersion: v1
kind: Secret
metadata: { name: cacerts, namespace: istio-system }
stringData: { ${key}: secret }
`;
  const { diagnostics } = createDirectory().write({
    "authority.yaml": authority("ca-key.pem"),
  });
  expect(diagnostics).toMatchObject([
    { code: "not-applied", severity: "warning", position: { line: 3, column: 19 } },
  ]);
  const other = createDirectory().write({ "other.yaml": authority("tls.key") });
  expect(other.diagnostics).toEqual([]);
});

describe("a Secret", () => {
  tryRows("Secret", [
    ["has values in base64, with line breaks", { data: { "tls.crt": "YWJj\nZGVm\n" } }, []],
    ["has no other values", { data: { "tls.crt": "plain text" } }, ['data["tls.crt"]']],
    ["has plain values in stringData", { stringData: { "tls.crt": "plain text" } }, []],
    ["has values that are text", { data: { a: 1234 } }, ["data.a"]],
  ]);

  it.each([{ data: { a: "hunter2!" } }, { data: "hunter2" }, { data: { a: ["hunter2"] } }])(
    "is never quoted: %j",
    (body) => {
      const findings = findingsOf("Secret", body);
      expect(findings).toHaveLength(1);
      expect(JSON.stringify(findings)).not.toContain("hunter2");
    },
  );
});

describe("addresses of services", () => {
  tryRows("Endpoints", [
    [
      "are IP addresses",
      { subsets: [{ addresses: [{ ip: "10.0.0.1" }, { ip: "a" }] }] },
      ["subsets[0].addresses[1].ip"],
    ],
  ]);
  tryRows("EndpointSlice", [
    [
      "are IP addresses in slices too",
      { endpoints: [{ addresses: ["::1", "a"] }] },
      ["endpoints[0].addresses[1]"],
    ],
    [
      "are names in slices of names",
      { addressType: "FQDN", endpoints: [{ addresses: ["a.b", "a b"] }] },
      ["endpoints[0].addresses[1]"],
    ],
  ]);
});

describe("a workload", () => {
  tryRows("Deployment", [
    ["has a template", {}, ["spec.template"]],
    [
      "has ports in range",
      { template: { spec: { containers: [{ name: "a", ports: [{ containerPort: 0 }] }] } } },
      ["spec.template.spec.containers[0].ports[0].containerPort"],
    ],
    ["has no negative number of replicas", { replicas: -1, template: {} }, ["spec.replicas"]],
  ]);
  tryRows("Pod", [
    [
      "is asked at ports in range",
      { containers: [{ name: "a", readinessProbe: { httpGet: { port: 0 } } }] },
      ["spec.containers[0].readinessProbe.httpGet.port"],
    ],
  ]);
});

describe("an Ingress", () => {
  const rule = (path: object) => ({
    rules: [{ http: { paths: [{ backend: { service: { name: "a" } }, ...path }] } }],
  });
  const path = "spec.rules[0].http.paths[0].path";
  tryRows("Ingress", [
    ["has paths that begin with a slash", rule({ path: "~", pathType: "Prefix" }), [path]],
    ["has paths without a query", rule({ path: "/a?b", pathType: "Exact" }), [path]],
    ["may have any path of no type", rule({ path: ".*", pathType: "ImplementationSpecific" }), []],
    [
      "is for hosts, and those of whole wildcards",
      { rules: [{ host: "*.a.b" }, { host: "*v.a" }, { host: "" }], tls: [{ hosts: ["*", 'a"'] }] },
      ["spec.rules[1].host", "spec.tls[0].hosts[0]", "spec.tls[0].hosts[1]", "warning spec.tls[0]"],
    ],
  ]);
});

test("addresses in a status are IP addresses", () => {
  const { diagnostics } = createDirectory().write({
    "statuses.yaml": `apiVersion: v1
kind: Pod
metadata: { name: pod }
spec: {}
status: { podIP: mesh, podIPs: [{ ip: 10.0.0.1 }, { ip: b }] }
---
apiVersion: v1
kind: Service
metadata: { name: service }
spec: { ports: [{ port: 80 }] }
status: { loadBalancer: { ingress: [{ ip: "" }, { ip: c }] } }
`,
  });
  expect(diagnostics.map(({ message }) => message)).toEqual([
    '"mesh" is no IP address',
    '"b" is no IP address',
    '"c" is no IP address',
  ]);
});
