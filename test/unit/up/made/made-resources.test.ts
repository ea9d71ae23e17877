import { expect, test } from "vitest";
import { isWorkloadInMesh } from "../../../../src/analysis/mesh-membership.js";
import { resourcesOf } from "../../../../src/analysis/resources.js";
import { declaredWorkloads } from "../../../../src/analysis/workloads.js";
import { parseOffline } from "../../../../src/config/parse-offline.js";
import {
  credentialFile,
  gatewayServiceFile,
  podFile,
} from "../../../../src/up/made/made-resources.js";
import { placed, WORKLOAD } from "../fixtures.js";

test("a pod with a sidecar has Istio's labels, its address and its readiness", () => {
  const containers = [
    { name: "app", image: "app:1", ports: [{ name: "http", containerPort: 8080 }] },
  ];
  const { name, text } = podFile(placed({ containers }), "127.30.0.1", true);
  expect(name).toBe("pod_default_payments-v1-0.json");
  expect(JSON.parse(text)).toEqual({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "payments-v1-0",
      namespace: "default",
      labels: {
        app: "payments",
        version: "v1",
        "service.istio.io/canonical-name": "payments",
        "service.istio.io/canonical-revision": "v1",
        "security.istio.io/tlsMode": "istio",
      },
      annotations: { "fairlead.dev/made-by": "up" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "Deployment", name: "payments-v1", controller: true },
      ],
    },
    spec: {
      serviceAccountName: "default",
      containers: [{ name: "app", ports: [{ name: "http", containerPort: 8080 }] }],
    },
    status: {
      phase: "Running",
      podIP: "127.30.0.1",
      podIPs: [{ ip: "127.30.0.1" }],
      conditions: [{ type: "Ready", status: "True" }],
    },
  });
});

test("nothing is said of TLS at a gateway: its Gateways say what it takes", () => {
  const { text } = podFile(placed({ proxy: "router" }), "127.30.0.1", true);
  const pod = JSON.parse(text) as { readonly metadata: { readonly labels: object } };
  expect(Object.keys(pod.metadata.labels)).not.toContain("security.istio.io/tlsMode");
});

test.each([
  ["a gateway's own", [], []],
  ["a gateway's declared", [{ name: "istio-proxy", ports: [{ containerPort: 8443 }] }], [8443]],
])(
  "%s proxy is a container, as analyses expect it of pods in the mesh",
  (_whose, containers, ports) => {
    const { text } = podFile(placed({ proxy: "router", containers }), "127.30.0.1", true);
    const resources = resourcesOf(parseOffline([{ path: "pod.json", text }]).written());
    expect(declaredWorkloads(resources).map((one) => isWorkloadInMesh(one, resources))).toEqual([
      true,
    ]);
    expect(resources.all("Pod").map(({ spec }) => spec.containers)).toEqual([
      [
        {
          name: "istio-proxy",
          image: "envoy",
          ports: ports.map((containerPort) => ({ containerPort })),
        },
      ],
    ]);
  },
);

test("a pod without a sidecar has its own labels, and one that says so", () => {
  const { text } = podFile(placed({ proxy: "none" }), "127.30.0.1", false);
  const pod = JSON.parse(text) as { readonly metadata: { readonly labels: object } };
  expect(pod.metadata.labels).toEqual({
    app: "payments",
    version: "v1",
    "security.istio.io/tlsMode": "disabled",
  });
  expect(pod).toMatchObject({
    status: { conditions: [{ type: "Ready", status: "False" }] },
  });
});

test("a gateway's Service has its name and selects its labels", () => {
  const ports = [{ name: "http", port: 80, targetPort: 8080 }];
  expect(JSON.parse(gatewayServiceFile(WORKLOAD, ports).text)).toMatchObject({
    kind: "Service",
    metadata: { name: "payments-v1", namespace: "default" },
    spec: { type: "LoadBalancer", selector: { app: "payments", version: "v1" }, ports },
  });
});

test("a credential's Secret has the certificate, the key and the root", () => {
  const credential = { namespace: "istio-system", name: "app-tls", hosts: ["app.example.com"] };
  const { name, text } = credentialFile(credential, { certificate: "C", key: "K", root: "R" });
  expect(name).toBe("secret_istio-system_app-tls.json");
  expect(JSON.parse(text)).toMatchObject({
    kind: "Secret",
    type: "kubernetes.io/tls",
    stringData: { "tls.crt": "C", "tls.key": "K", "ca.crt": "R" },
  });
});

test("no name leads a file out of its directory", () => {
  const { name } = podFile(placed({ name: "../../etc/passwd" }), "127.30.0.1", true);
  expect(name).not.toContain("/");
});

test("resources of long names have files that every system can have, each its own", () => {
  const pems = { certificate: "", key: "", root: "" };
  const fileOf = (name: string): string =>
    credentialFile({ namespace: "default", name, hosts: ["a"] }, pems).name;
  const name = "x".repeat(300);
  expect(fileOf(name).length).toBeLessThan(200);
  expect(new Set([fileOf(name), fileOf(`${name}x`), fileOf("x".repeat(150))]).size).toBe(3);
});
