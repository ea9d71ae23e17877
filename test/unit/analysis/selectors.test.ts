import { describe } from "vitest";
import { authorizationPolicyAnalyzer } from "../../../src/analysis/analyzers/authorization-policies.js";
import { severalAuthorizersAnalyzer } from "../../../src/analysis/analyzers/several-authorizers.js";
import { sidecarSelectorAnalyzer } from "../../../src/analysis/analyzers/sidecar-selectors.js";
import { telemetryDefaultAnalyzer } from "../../../src/analysis/analyzers/telemetry-defaults.js";
import { telemetryLightstepAnalyzer } from "../../../src/analysis/analyzers/telemetry-lightstep.js";
import { telemetryProviderAnalyzer } from "../../../src/analysis/analyzers/telemetry-providers.js";
import { telemetrySelectorAnalyzer } from "../../../src/analysis/analyzers/telemetry-selectors.js";
import { DEFAULT_GATEWAY_FILE } from "../../../src/analysis/default-gateway.js";
import { file, resource, tryRows } from "./messages-of.js";

const pod = (labels: object, more: object = {}, spec: object = {}) =>
  resource("Pod", { name: "pod", labels, ...more }, spec);
const enabled = resource("Namespace", {
  name: "default",
  labels: { "istio-injection": "enabled" },
});
const mesh = (config: string) =>
  resource("ConfigMap", { name: "istio", namespace: "istio-system" }, { data: { mesh: config } });

describe("Sidecars", () => {
  const sidecar = (name: string, labels?: object, namespace = "default") =>
    resource(
      "Sidecar",
      { name, namespace },
      labels === undefined ? {} : { workloadSelector: { labels } },
    );
  tryRows(sidecarSelectorAnalyzer, [
    [
      "are for workloads of their namespace",
      file(sidecar("s", { app: "a" }), pod({ app: "a" })),
      [],
    ],
    [
      "are for pods that a Deployment is going to make",
      file(
        sidecar("s", { app: "a" }),
        resource("Deployment", "d", { template: { metadata: { labels: { app: "a" } } } }),
      ),
      [],
    ],
    [
      "are for machines",
      file(sidecar("s", { app: "a" }), resource("WorkloadEntry", "w", { labels: { app: "a" } })),
      [],
    ],
    [
      "are for workloads that a Service waits for",
      file(sidecar("s", { app: "a" }), resource("Service", "s", { selector: { app: "a" } })),
      [],
    ],
    [
      "are told when they are for none",
      file(sidecar("s", { app: "a" }), pod({ app: "b" })),
      ["IST0101 Sidecar s.default: labels"],
    ],
    [
      "are told when they are for those of another namespace",
      file(sidecar("s", { app: "a" }, "other"), pod({ app: "a" })),
      ["IST0101 Sidecar s.other: labels"],
    ],
    [
      "are told when several are for one workload",
      file(sidecar("s", { app: "a" }), sidecar("t", { tier: "x" }), pod({ app: "a", tier: "x" })),
      ["IST0110 Sidecar s.default: labels", "IST0110 Sidecar t.default: labels"],
    ],
    [
      "are told once for what a Deployment makes and a pod that it made",
      file(
        sidecar("s", { app: "a" }),
        sidecar("t", { app: "a" }),
        resource("Deployment", "d", { template: { metadata: { labels: { app: "a" } } } }),
        pod({ app: "a", "pod-template-hash": "1" }),
      ),
      ["IST0110 Sidecar s.default: labels", "IST0110 Sidecar t.default: labels"],
    ],
    [
      "are told for a Deployment of which other pods run",
      file(
        sidecar("s", { app: "a" }),
        sidecar("t", { app: "a" }),
        resource("Deployment", "d", { template: { metadata: { labels: { app: "a" } } } }),
        pod({ app: "b" }),
      ),
      ["IST0110 Sidecar s.default: labels", "IST0110 Sidecar t.default: labels"],
    ],
    [
      "are told when several are for a namespace",
      file(sidecar("s"), sidecar("t"), sidecar("u", undefined, "other")),
      ["IST0111 Sidecar s.default: s", "IST0111 Sidecar t.default: t"],
    ],
    [
      "do nothing for pods in ambient mode",
      file(
        sidecar("s", { app: "a" }),
        pod({ app: "a" }, { annotations: { "ambient.istio.io/redirection": "enabled" } }),
      ),
      ["IST0167 Sidecar s.default: labels"],
    ],
    [
      "do nothing for a namespace in ambient mode",
      file(
        sidecar("s"),
        resource("Namespace", {
          name: "default",
          labels: { "istio.io/dataplane-mode": "ambient" },
        }),
      ),
      ["IST0167 Sidecar s.default: s"],
    ],
    [
      "count where injection is asked for beside ambient mode",
      file(
        sidecar("s"),
        resource("Namespace", {
          name: "default",
          labels: { "istio.io/dataplane-mode": "ambient", "istio.io/rev": "a" },
        }),
      ),
      [],
    ],
  ]);
});

describe("Telemetries", () => {
  const telemetry = (name: string, spec: object) => resource("Telemetry", name, spec);
  const selecting = (name: string, labels: object) =>
    telemetry(name, { selector: { matchLabels: labels } });
  tryRows(telemetrySelectorAnalyzer, [
    [
      "are told when they are for no workload",
      selecting("t", { app: "a" }),
      ["IST0101 Telemetry t.default: matchLabels"],
    ],
    [
      "are told when several are for one workload",
      file(selecting("t", { app: "a" }), selecting("u", { app: "a" }), pod({ app: "a" })),
      ["IST0159 Telemetry t.default: matchLabels", "IST0159 Telemetry u.default: matchLabels"],
    ],
    ["may be for all workloads", telemetry("t", {}), []],
  ]);
  tryRows(telemetryDefaultAnalyzer, [
    [
      "are told when several are for a namespace",
      file(telemetry("t", {}), telemetry("u", {}), selecting("v", { app: "a" })),
      ["IST0160 Telemetry t.default: t", "IST0160 Telemetry u.default: u"],
    ],
    [
      "may be attached by name",
      file(telemetry("t", {}), telemetry("u", { targetRef: { kind: "Gateway", name: "g" } })),
      [],
    ],
  ]);
  tryRows(telemetryProviderAnalyzer, [
    [
      "that log to no provider are told",
      telemetry("t", { accessLogging: [{ providers: [{ name: "envoy" }] }, { disabled: false }] }),
      ["IST0157 Telemetry t.default: {"],
    ],
    [
      "that turn logs off need no provider",
      telemetry("t", { accessLogging: [{ disabled: true }] }),
      [],
    ],
    [
      "that log to no provider log to the default one",
      file(
        telemetry("t", { accessLogging: [{}] }),
        mesh("defaultProviders: { accessLogging: [envoy] }"),
      ),
      [],
    ],
  ]);
  tryRows(telemetryLightstepAnalyzer, [
    [
      "that trace with lightstep are told once for each provider",
      file(
        telemetry("t", {
          tracing: [{ providers: [{ name: "old" }] }, { providers: [{ name: "old" }] }],
        }),
        mesh("extensionProviders: [{ name: old, lightstep: { service: a, port: 1 } }]"),
      ),
      ["IST0002 Telemetry t.default: old"],
    ],
    [
      "that trace with others are not told",
      file(
        telemetry("t", { tracing: [{ providers: [{ name: "old" }] }] }),
        mesh("extensionProviders: [{ name: old, zipkin: { service: a, port: 1 } }]"),
      ),
      [],
    ],
  ]);
});

describe("AuthorizationPolicies", () => {
  const policy = (spec: object, namespace = "default") =>
    resource("AuthorizationPolicy", { name: "p", namespace }, spec);
  const selecting = { selector: { matchLabels: { app: "a" } } };
  const proxied = { containers: [{ name: "istio-proxy", image: "proxy" }] };
  const from = (source: object) => ({ rules: [{ from: [{ source }] }] });
  const labeled = (name: string, labels: object) => resource("Namespace", { name, labels });
  const deployment = (namespace: string) =>
    resource(
      "Deployment",
      { name: "d", namespace },
      { template: { metadata: { labels: { app: "a" } } } },
    );
  tryRows(authorizationPolicyAnalyzer, [
    ["are for pods with a proxy", file(policy(selecting), pod({ app: "a" }, {}, proxied)), []],
    [
      "are for pods of a namespace that is injected",
      file(policy(selecting), pod({ app: "a" }), enabled),
      [],
    ],
    [
      "are for pods that are to be injected",
      file(policy(selecting), pod({ app: "a", "sidecar.istio.io/inject": "true" })),
      [],
    ],
    [
      "are for pods in ambient mode",
      file(
        policy(selecting),
        pod({ app: "a" }, { annotations: { "ambient.istio.io/redirection": "enabled" } }),
      ),
      [],
    ],
    [
      "are not for pods without a proxy",
      file(policy(selecting), pod({ app: "a" })),
      ["IST0127 AuthorizationPolicy p.default: matchLabels"],
    ],
    [
      "are not for pods that are not to be injected",
      file(
        policy(selecting),
        pod({ app: "a" }, { annotations: { "sidecar.istio.io/inject": "false" } }),
        enabled,
      ),
      ["IST0127 AuthorizationPolicy p.default: matchLabels"],
    ],
    [
      "are for pods that a Deployment is going to make, as nobody says otherwise",
      file(
        policy(selecting),
        resource("Deployment", "d", { template: { metadata: { labels: { app: "a" } } } }),
      ),
      [],
    ],
    [
      "are for pods of a Deployment in a namespace of a revision, or in ambient mode",
      file(
        policy(selecting, "revised"),
        policy(selecting, "ambient"),
        deployment("revised"),
        deployment("ambient"),
        labeled("revised", { "istio.io/rev": "canary" }),
        labeled("ambient", { "istio.io/dataplane-mode": "ambient" }),
      ),
      [],
    ],
    [
      "are not for pods of a Deployment where nothing brings them into the mesh",
      file(
        policy(selecting, "plain"),
        policy(selecting, "off"),
        deployment("plain"),
        deployment("off"),
        labeled("plain", {}),
        labeled("off", { "istio-injection": "disabled", "istio.io/rev": "canary" }),
      ),
      [
        "IST0127 AuthorizationPolicy p.plain: matchLabels",
        "IST0127 AuthorizationPolicy p.off: matchLabels",
      ],
    ],
    [
      "are for the ingress gateway, whatever its namespace says of pods",
      file(
        policy({ selector: { matchLabels: { istio: "ingressgateway" } } }, "istio-system"),
        labeled("istio-system", {}),
        DEFAULT_GATEWAY_FILE.text,
      ),
      [],
    ],
    [
      "are for machines, whatever the namespace says of pods",
      file(
        policy(selecting, "plain"),
        resource(
          "WorkloadEntry",
          { name: "w", namespace: "plain" },
          { address: "1.1.1.1", labels: { app: "a" } },
        ),
        labeled("plain", {}),
      ),
      [],
    ],
    [
      "are told when their namespace has no workloads",
      policy({}),
      ["IST0127 AuthorizationPolicy p.default: spec"],
    ],
    [
      "may be for a Gateway, whose workloads need not be declared",
      file(
        policy({ targetRefs: [{ group: "g", kind: "Gateway", name: "g" }] }),
        policy({ targetRef: { group: "g", kind: "Gateway", name: "g" } }, "other"),
      ),
      [],
    ],
    ["of the root namespace may be for all", policy({}, "istio-system"), []],
    [
      "of the root namespace are for pods of any",
      file(policy(selecting, "istio-system"), pod({ app: "a" }, {}, proxied)),
      [],
    ],
    [
      "of the root namespace are told when they are for none",
      policy(selecting, "istio-system"),
      ["IST0127 AuthorizationPolicy p.istio-system: matchLabels"],
    ],
    [
      "are told when they name a namespace that there is not",
      file(
        policy(from({ namespaces: ["default", "prod"], notNamespaces: ["stage"] })),
        pod({}, {}, proxied),
        enabled,
      ),
      [
        "IST0101 AuthorizationPolicy p.default: prod",
        "IST0101 AuthorizationPolicy p.default: stage",
      ],
    ],
    [
      "may name namespaces that something is in, without a Namespace",
      file(
        policy(from({ namespaces: ["default", "shop", "prod"] })),
        pod({}, {}, proxied),
        resource("Service", { name: "s", namespace: "shop" }),
      ),
      ["IST0101 AuthorizationPolicy p.default: prod"],
    ],
    [
      "may name namespaces by a wildcard at either end, and in any case",
      file(
        policy(from({ namespaces: ["*", "*ault", "def*", "DEFAULT"] })),
        pod({}, {}, proxied),
        enabled,
      ),
      [],
    ],
  ]);
});

describe("CUSTOM AuthorizationPolicies", () => {
  const custom = (name: string, provider: string, labels: object, more: object = {}) =>
    resource(
      "AuthorizationPolicy",
      { name },
      {
        action: "CUSTOM",
        provider: { name: provider },
        selector: { matchLabels: labels },
        ...more,
      },
    );
  const both = pod({ app: "a", tier: "front" });
  tryRows(severalAuthorizersAnalyzer, [
    [
      "name different providers for one workload",
      file(both, custom("x", "one", { app: "a" }), custom("y", "two", { tier: "front" })),
      [
        "several-providers AuthorizationPolicy x.default: one",
        "several-providers AuthorizationPolicy y.default: two",
      ],
    ],
    [
      "name one provider, or are for different workloads",
      file(
        both,
        custom("x", "one", { app: "a" }),
        custom("y", "one", { tier: "front" }),
        custom("z", "two", { app: "b" }),
      ),
      [],
    ],
    [
      "name one beside policies of other actions",
      file(
        both,
        custom("x", "one", { app: "a" }),
        custom("y", "two", { app: "a" }, { action: "DENY", provider: undefined }),
      ),
      [],
    ],
  ]);
});
