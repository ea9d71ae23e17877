import { describe } from "vitest";
import { conflictingGatewayAnalyzer } from "../../../src/analysis/analyzers/conflicting-gateways.js";
import { gatewayApiVersionAnalyzer } from "../../../src/analysis/analyzers/gateway-api-versions.js";
import { gatewayCertificateAnalyzer } from "../../../src/analysis/analyzers/gateway-certificates.js";
import { gatewayPortAnalyzer } from "../../../src/analysis/analyzers/gateway-ports.js";
import { gatewaySecretAnalyzer } from "../../../src/analysis/analyzers/gateway-secrets.js";
import { gatewaySelectorAnalyzer } from "../../../src/analysis/analyzers/gateway-selectors.js";
import { passedThroughPolicyAnalyzer } from "../../../src/analysis/analyzers/passed-through-policies.js";
import { createPair } from "../config/certificates.js";
import { file, NOW, resource, tryRows } from "./messages-of.js";

const { certificate: CERTIFICATE, key: KEY } = await createPair("shop");
const { certificate: EXPIRED_CERTIFICATE } = await createPair("shop", new Date(NOW.getTime() - 1));

const EDGE = { app: "edge" };
const POD = resource("Pod", { name: "edge", namespace: "edge", labels: EDGE });
const DEPLOYMENT = resource(
  "Deployment",
  { name: "edge", namespace: "edge" },
  { template: { metadata: { labels: EDGE } } },
);

function gateway(name: string, servers: readonly object[], selector: object = EDGE): string {
  return resource("Gateway", { name, namespace: "edge" }, { selector, servers });
}

function server(number: number, hosts: readonly string[], more: object = {}): object {
  return { port: { number, name: `p${String(number)}`, protocol: "HTTP" }, hosts, ...more };
}

function service(ports: readonly object[], namespace = "edge"): string {
  return resource("Service", { name: "edge", namespace }, { selector: EDGE, ports });
}

describe("the ports of Gateways", () => {
  tryRows(gatewayPortAnalyzer, [
    [
      "lead to no workload",
      gateway("g", [server(80, ["*"])]),
      ["IST0101 Gateway g.edge: selector"],
    ],
    [
      "are those of a Service in front of the workloads",
      file(gateway("g", [server(80, ["*"])]), POD, service([{ port: 80, protocol: "TCP" }])),
      [],
    ],
    [
      "may be the targets of the Service",
      file(gateway("g", [server(8080, ["*"])]), POD, service([{ port: 80, targetPort: 8080 }])),
      [],
    ],
    [
      "are told once each when no Service has them",
      file(
        gateway("g", [server(81, ["a"]), server(81, ["b"]), server(80, ["*"])]),
        POD,
        service([{ port: 80, targetPort: "http" }]),
      ),
      ["IST0162 Gateway g.edge: 81"],
    ],
    [
      "are not those of Services in other namespaces, nor for UDP",
      file(
        gateway("g", [server(80, ["*"])]),
        POD,
        service([{ port: 80 }], "other"),
        service([{ port: 80, protocol: "UDP" }]),
      ),
      ["IST0162 Gateway g.edge: 80"],
    ],
    [
      "count for workloads that a Deployment is going to make",
      file(gateway("g", [server(80, ["*"])]), DEPLOYMENT, service([{ port: 80 }])),
      [],
    ],
    [
      "count for workloads that only a Service tells of, as those that register themselves",
      file(gateway("g", [server(80, ["*"])]), service([{ port: 80 }])),
      [],
    ],
    ["are none where a server has none", file(gateway("g", [{ hosts: ["*"] }]), POD), []],
  ]);
});

describe("Gateways that conflict", () => {
  tryRows(conflictingGatewayAnalyzer, [
    [
      "have a host at the same port",
      file(gateway("a", [server(80, ["a.com"])]), gateway("b", [server(80, ["b.com", "a.com"])])),
      ["IST0145 Gateway a.edge: hosts", "IST0145 Gateway b.edge: hosts"],
    ],
    [
      "do not when host, port or address differ",
      file(
        gateway("a", [server(80, ["a.com"]), server(82, ["a.com"], { bind: "10.0.0.1" })]),
        gateway("b", [
          server(80, ["b.com"]),
          server(81, ["a.com"]),
          server(82, ["a.com"], { bind: "10.0.0.2" }),
        ]),
      ),
      [],
    ],
    [
      "do not when they are for other workloads",
      file(
        gateway("a", [server(80, ["a.com"])]),
        gateway("b", [server(80, ["a.com"])], { app: "other" }),
      ),
      [],
    ],
    [
      "do when a workload has the labels of both",
      file(
        gateway("a", [server(80, ["a.com"])]),
        gateway("b", [server(80, ["a.com"])], { app: "edge", tier: "public" }),
        resource("Pod", { name: "edge", labels: { app: "edge", tier: "public" } }),
      ),
      ["IST0145 Gateway a.edge: hosts", "IST0145 Gateway b.edge: hosts"],
    ],
    [
      "do not when no workload has the labels of both",
      file(
        gateway("a", [server(80, ["a.com"])]),
        gateway("b", [server(80, ["a.com"])], { app: "edge", tier: "public" }),
        POD,
      ),
      [],
    ],
  ]);
});

describe("the certificates of Gateways", () => {
  const tls = (credentialName: string) => ({ tls: { mode: "SIMPLE", credentialName } });
  tryRows(gatewayCertificateAnalyzer, [
    [
      "are told when another Gateway of the same workloads has them",
      file(
        gateway("a", [server(443, ["a.com"], tls("one"))]),
        gateway("b", [server(443, ["b.com"], tls("one"))]),
      ),
      ["IST0138 Gateway a.edge: tls", "IST0138 Gateway b.edge: tls"],
    ],
    [
      "are told of the Gateway whose workloads the other is for as well",
      file(
        gateway("a", [server(443, ["a.com"], tls("one"))]),
        gateway("b", [server(443, ["b.com"], tls("one"))], { app: "edge", tier: "public" }),
      ),
      ["IST0138 Gateway a.edge: tls"],
    ],
    [
      "may differ, be of one Gateway, or be none",
      file(
        gateway("a", [server(443, ["a.com"], tls("one")), server(444, ["a.com"], tls("one"))]),
        gateway("b", [
          server(443, ["b.com"], tls("two")),
          server(80, ["b.com"], { tls: { httpsRedirect: true } }),
        ]),
        gateway("c", [server(80, ["c.com"], { tls: { httpsRedirect: true } })]),
      ),
      [],
    ],
    [
      "are told when there are files beside the Secret, but not when a file is without its key",
      file(
        gateway("a", [
          server(443, ["a.com"], tls("one")),
          server(444, ["a.com"], { tls: { mode: "SIMPLE", serverCertificate: "c" } }),
        ]),
        gateway("b", [
          server(443, ["b.com"], { tls: { ...tls("one").tls, serverCertificate: "c" } }),
        ]),
        gateway("c", [server(444, ["c.com"], { tls: { mode: "SIMPLE", serverCertificate: "c" } })]),
      ),
      ["IST0138 Gateway a.edge: tls", "IST0138 Gateway b.edge: tls"],
    ],
    [
      "may be files",
      file(
        gateway("a", [
          server(443, ["a.com"], { tls: { serverCertificate: "c", privateKey: "k" } }),
        ]),
        gateway("b", [
          server(443, ["b.com"], { tls: { serverCertificate: "c", privateKey: "k" } }),
        ]),
        gateway("c", [
          server(443, ["c.com"], { tls: { serverCertificate: "c", privateKey: "other" } }),
        ]),
      ),
      ["IST0138 Gateway a.edge: tls", "IST0138 Gateway b.edge: tls"],
    ],
  ]);
});

describe("the Secrets of Gateways", () => {
  const withSecret = (name: string, more: object = {}) =>
    gateway("g", [server(443, ["a"], { tls: { credentialName: name, ...more } })]);
  const secret = (name: string, namespace: string, stringData: object) =>
    resource("Secret", { name, namespace }, { stringData });
  const valid = { "tls.crt": CERTIFICATE, "tls.key": KEY };
  tryRows(gatewaySecretAnalyzer, [
    ["are for no workload", withSecret("one"), ["IST0101 Gateway g.edge: selector"]],
    [
      "are in the namespace of the workloads",
      file(withSecret("one"), POD, secret("one", "edge", valid)),
      [],
    ],
    [
      "are not in another",
      file(withSecret("one"), POD, secret("one", "other", valid)),
      ["IST0101 Gateway g.edge: one"],
    ],
    [
      "may name their namespace",
      file(withSecret("kubernetes://other/one"), POD, secret("one", "other", valid)),
      [],
    ],
    [
      "are missing where files have none at all",
      file(withSecret("one"), POD),
      ["IST0101 Gateway g.edge: one"],
    ],
    [
      "may be no Secrets of Kubernetes",
      file(withSecret("sds://one"), POD, secret("x", "edge", valid)),
      [],
    ],
    [
      "need a key",
      file(withSecret("one"), POD, secret("one", "edge", { "tls.crt": CERTIFICATE })),
      ["IST0161 Gateway g.edge: one"],
    ],
    [
      "need a certificate that can be read",
      file(withSecret("one"), POD, secret("one", "edge", { "tls.crt": "none", "tls.key": KEY })),
      ["IST0161 Gateway g.edge: one"],
    ],
    [
      "need a certificate that is valid now",
      file(withSecret("one"), POD, secret("one", "edge", { cert: EXPIRED_CERTIFICATE, key: KEY })),
      ["IST0161 Gateway g.edge: one"],
    ],
    [
      "need roots where clients show certificates",
      file(withSecret("one", { mode: "MUTUAL" }), POD, secret("one", "edge", valid)),
      ["IST0161 Gateway g.edge: one"],
    ],
    [
      "need roots in the Secret beside them, where there is one",
      file(
        withSecret("one", { mode: "OPTIONAL_MUTUAL" }),
        POD,
        secret("one", "edge", { ...valid, "ca.crt": CERTIFICATE }),
        secret("one-cacert", "edge", { other: CERTIFICATE }),
      ),
      ["IST0161 Gateway g.edge: one"],
    ],
    [
      "may have roots beside the key, in a Secret beside them, or in one that is named",
      file(
        withSecret("one", { mode: "MUTUAL" }),
        withSecret("two", { mode: "MUTUAL" }).replace('"g"', '"h"'),
        withSecret("three", { mode: "MUTUAL", caCertCredentialName: "roots" }).replace(
          '"g"',
          '"i"',
        ),
        POD,
        secret("one", "edge", { ...valid, "ca.crt": CERTIFICATE }),
        secret("two", "edge", valid),
        secret("two-cacert", "edge", { cacert: CERTIFICATE }),
        secret("three", "edge", valid),
      ),
      [],
    ],
    [
      "may be the mesh's own certificates",
      file(withSecret("one", { mode: "ISTIO_MUTUAL" }), POD, secret("one", "edge", valid)),
      [],
    ],
  ]);
});

describe("selectors of the pods of a Kubernetes Gateway", () => {
  const labels = { "gateway.networking.k8s.io/gateway-name": "shop" };
  const pods = file(resource("Pod", { name: "a", labels }), resource("Pod", { name: "b", labels }));
  const policy = (spec: object) => resource("AuthorizationPolicy", "p", spec);
  tryRows(gatewaySelectorAnalyzer, [
    [
      "have no effect",
      file(policy({ selector: { matchLabels: labels } }), pods),
      ["IST0166 AuthorizationPolicy p.default: selector"],
    ],
    [
      "do no harm beside the reference that has",
      file(
        policy({
          selector: { matchLabels: labels },
          targetRefs: [{ kind: "Gateway", name: "shop" }],
        }),
        pods,
      ),
      [],
    ],
    [
      "are those of other pods",
      file(policy({ selector: { matchLabels: { app: "a" } } }), pods),
      [],
    ],
    [
      "do not select in other namespaces",
      file(
        resource(
          "AuthorizationPolicy",
          { name: "p", namespace: "other" },
          { selector: { matchLabels: labels } },
        ),
        pods,
      ),
      [],
    ],
  ]);
});

describe("kinds of the Gateway API", () => {
  const crd = (name: string, version: string) =>
    resource("CustomResourceDefinition", {
      name,
      annotations: { "gateway.networking.k8s.io/bundle-version": version },
    });
  tryRows(gatewayApiVersionAnalyzer, [
    [
      "are told when they are too old",
      crd("tlsroutes.gateway.networking.k8s.io", "v1.4.0"),
      ["IST0176 CustomResourceDefinition tlsroutes.gateway.networking.k8s.io: v1.4.0"],
    ],
    [
      "may be the candidate of a release",
      crd("tlsroutes.gateway.networking.k8s.io", "v1.5.0-rc.1"),
      [],
    ],
    [
      "may be of any version when Istio does not care",
      crd("httproutes.gateway.networking.k8s.io", "v0.1.0"),
      [],
    ],
    ["may have a version that is none", crd("tlsroutes.gateway.networking.k8s.io", "latest"), []],
  ]);
});

describe("AuthorizationPolicies of gateways that pass TLS on", () => {
  const passing = (mode: string) =>
    gateway("g", [
      { port: { number: 443, name: "tls", protocol: "TLS" }, hosts: ["*"], tls: { mode } },
    ]);
  const policy = (spec: object, namespace = "edge", selector: object = EDGE) =>
    resource(
      "AuthorizationPolicy",
      { name: "p", namespace },
      { selector: { matchLabels: selector }, ...spec },
    );
  const methods = (...ports: readonly string[]) => ({
    to: [{ operation: { methods: ["GET"], ...(ports.length > 0 && { ports }) } }],
  });
  const unasked = ["unasked-policy AuthorizationPolicy p.edge: selector"];
  const unseen = (what: string) => [`unseen-by-gateway AuthorizationPolicy p.edge: ${what}`];
  tryRows(passedThroughPolicyAnalyzer, [
    [
      "are not asked with AUTO_PASSTHROUGH",
      file(passing("AUTO_PASSTHROUGH"), POD, policy({ action: "DENY", rules: [{}] })),
      unasked,
    ],
    [
      "are not asked, though they have no rules and allow nothing",
      file(passing("AUTO_PASSTHROUGH"), POD, policy({})),
      unasked,
    ],
    [
      "are in order for other ports, other gateways, and as policies of the whole mesh",
      file(
        passing("AUTO_PASSTHROUGH"),
        POD,
        policy({ rules: [methods("80")] }),
        policy({ rules: [{}] }, "other"),
        policy({ rules: [{}] }, "istio-system", {}),
      ),
      [],
    ],
    [
      "are asked of the root namespace with the gateway's labels",
      file(passing("AUTO_PASSTHROUGH"), POD, policy({ rules: [{}] }, "istio-system")),
      ["unasked-policy AuthorizationPolicy p.istio-system: selector"],
    ],
    [
      "name what is not seen with PASSTHROUGH: a method",
      file(passing("PASSTHROUGH"), POD, policy({ action: "DENY", rules: [methods()] })),
      unseen("methods"),
    ],
    [
      "name what is not seen with PASSTHROUGH: a principal",
      file(
        passing("PASSTHROUGH"),
        POD,
        policy({
          rules: [{ from: [{ source: { ipBlocks: ["10.0.0.0/8"], principals: ["*"] } }] }],
        }),
      ),
      unseen("principals"),
    ],
    [
      "name what is not seen with PASSTHROUGH: a claim",
      file(
        passing("PASSTHROUGH"),
        POD,
        policy({ rules: [{ when: [{ key: "request.auth.claims[a]", values: ["b"] }] }] }),
      ),
      unseen("request.auth.claims[a]"),
    ],
    [
      "are in order with what is seen",
      file(
        passing("PASSTHROUGH"),
        POD,
        policy({
          rules: [
            {
              from: [{ source: { remoteIpBlocks: ["10.0.0.0/8"] } }],
              to: [{ operation: { ports: ["443"] } }],
              when: [{ key: "connection.sni", values: ["a"] }],
            },
          ],
        }),
      ),
      [],
    ],
    [
      "are in order where another rule allows the port",
      file(
        passing("PASSTHROUGH"),
        POD,
        policy({ rules: [methods(), { to: [{ operation: { ports: ["443"] } }] }] }),
      ),
      [],
    ],
    [
      "are in order where the rule is for another port",
      file(passing("PASSTHROUGH"), POD, policy({ action: "DENY", rules: [methods("80")] })),
      [],
    ],
    [
      "are for the port on which the gateway listens, where a Service leads to it",
      file(
        passing("PASSTHROUGH"),
        POD,
        service([{ port: 443, targetPort: 8443 }]),
        policy({ action: "DENY", rules: [methods("8443")] }),
      ),
      unseen("methods"),
    ],
    [
      "are not for the port of the Service then",
      file(
        passing("PASSTHROUGH"),
        POD,
        service([{ port: 443, targetPort: 8443 }]),
        policy({ action: "DENY", rules: [methods("443")] }),
      ),
      [],
    ],
    [
      "are for the container's port of the name that the Service leads to",
      file(
        passing("AUTO_PASSTHROUGH"),
        resource(
          "Pod",
          { name: "edge", namespace: "edge", labels: EDGE },
          { containers: [{ name: "proxy", ports: [{ name: "tls", containerPort: 15443 }] }] },
        ),
        service([{ port: 443, targetPort: "tls" }]),
        policy({ rules: [methods("15443")] }),
      ),
      unasked,
    ],
    [
      "are in order where TLS ends",
      file(passing("SIMPLE"), POD, policy({ rules: [methods()] })),
      [],
    ],
  ]);
});
