import { describe } from "vitest";
import { applicationUidAnalyzer } from "../../../src/analysis/analyzers/application-uid.js";
import { externalControlPlaneAnalyzer } from "../../../src/analysis/analyzers/external-control-plane.js";
import { imageAutoAnalyzer } from "../../../src/analysis/analyzers/image-auto.js";
import { injectionAnalyzer } from "../../../src/analysis/analyzers/injection.js";
import { proxyImageAnalyzer } from "../../../src/analysis/analyzers/proxy-images.js";
import { webhookAnalyzer } from "../../../src/analysis/analyzers/webhooks.js";
import { file, resource, tryRows } from "./messages-of.js";

const namespace = (labels: object, name = "default") => resource("Namespace", { name, labels });
const enabled = { "istio-injection": "enabled" };
const pod = (spec: object, metadata: object = {}) =>
  resource("Pod", { name: "p", ...metadata }, spec);
const proxy = (image: string) => ({ name: "istio-proxy", image });
const injector = (values: object, name = "istio-sidecar-injector") =>
  resource(
    "ConfigMap",
    { name, namespace: "istio-system" },
    { data: { values: JSON.stringify(values) } },
  );

describe("injection", () => {
  tryRows(injectionAnalyzer, [
    [
      "is told when a namespace does not say",
      namespace({}),
      ["IST0102 Namespace default: default"],
    ],
    [
      "may be said either way",
      file(
        namespace(enabled),
        namespace({ "istio-injection": "disabled" }, "b"),
        namespace({ "istio.io/rev": "a" }, "c"),
      ),
      [],
    ],
    [
      "is not missed in pods whose proxy runs outside of them",
      file(
        namespace(enabled),
        pod({}, { labels: { "security.istio.io/tlsMode": "istio" } }),
        pod({}, { name: "q", labels: { "security.istio.io/tlsMode": "disabled" } }),
      ),
      ["IST0103 Pod q.default: q"],
    ],
    [
      "is not for Istio's and Kubernetes' own namespaces",
      file(namespace({}, "istio-system"), namespace({}, "kube-system")),
      [],
    ],
    [
      "is told when it is the default",
      file(
        namespace({}),
        injector({ sidecarInjectorWebhook: { enableNamespacesByDefault: true } }),
      ),
      ["IST0148 Namespace default: labels"],
    ],
    [
      "is told when labels contradict each other",
      namespace({ ...enabled, "istio.io/rev": "a" }),
      ["IST0123 Namespace default: labels"],
    ],
    [
      "is not asked for twice when it is disabled",
      namespace({ "istio-injection": "disabled", "istio.io/rev": "a" }),
      [],
    ],
    [
      "is told beside ambient mode",
      namespace({ ...enabled, "istio.io/dataplane-mode": "ambient" }),
      ["IST0123 Namespace default: labels"],
    ],
    [
      "is told when a pod has no proxy",
      file(namespace(enabled), pod({ containers: [{ name: "app" }] })),
      ["IST0103 Pod p.default: p"],
    ],
    [
      "may give the proxy as an init container",
      file(namespace(enabled), pod({ initContainers: [proxy("a")] })),
      [],
    ],
    [
      "may be refused by a pod",
      file(namespace(enabled), pod({}, { annotations: { "sidecar.istio.io/inject": "False" } })),
      [],
    ],
    [
      "is not for pods in the network of their machine",
      file(namespace(enabled), pod({ hostNetwork: true })),
      [],
    ],
  ]);
});

describe("the images of proxies", () => {
  const values = (image: string) =>
    injector({ global: { hub: "hub", tag: "2", proxy: { image } } });
  const old = pod({ containers: [proxy("hub/proxyv2:1")] });
  tryRows(proxyImageAnalyzer, [
    [
      "are told when they are not those of injection",
      file(namespace(enabled), old, values("proxyv2")),
      ["IST0158 Namespace default: default"],
    ],
    [
      "are those of injection",
      file(
        namespace(enabled),
        pod({ initContainers: [proxy("hub/proxyv2:2")] }),
        values("proxyv2"),
      ),
      [],
    ],
    [
      "may be written whole",
      file(
        namespace(enabled),
        pod({ containers: [proxy("other/proxy:3")] }),
        values("other/proxy:3"),
      ),
      [],
    ],
    [
      "may be asked for by the pod",
      file(
        namespace(enabled),
        pod({ containers: [proxy("x")] }, { annotations: { "sidecar.istio.io/proxyImage": "x" } }),
        values("proxyv2"),
      ),
      [],
    ],
    ["do not matter where nothing is injected", file(namespace({}), old, values("proxyv2")), []],
    [
      "are those of the revision of the namespace",
      file(
        namespace({ "istio.io/rev": "canary" }),
        old,
        injector(
          { global: { hub: "hub", tag: "1", proxy: { image: "proxyv2" } } },
          "istio-sidecar-injector-canary",
        ),
      ),
      [],
    ],
    [
      "may be of a variant that a ProxyConfig asks for",
      file(
        namespace(enabled),
        pod({ containers: [proxy("hub/proxyv2:2-distroless")] }),
        values("proxyv2"),
        "{ apiVersion: networking.istio.io/v1beta1, kind: ProxyConfig, metadata: { name: c }, spec: { image: { imageType: distroless } } }",
      ),
      [],
    ],
  ]);
});

describe("`image: auto`", () => {
  const webhook = resource("MutatingWebhookConfiguration", "w", {
    webhooks: [
      {
        name: "namespace.sidecar-injector.istio.io",
        namespaceSelector: {
          matchExpressions: [{ key: "istio-injection", operator: "In", values: ["enabled"] }],
        },
      },
    ],
  });
  const deployment = resource("Deployment", "d", {
    template: { spec: { containers: [proxy("auto")] } },
  });
  tryRows(imageAutoAnalyzer, [
    [
      "is told of a pod, which was not injected",
      pod({ containers: [proxy("auto")] }),
      ["IST0147 Pod p.default: auto"],
    ],
    [
      "is told of a Deployment that no webhook takes",
      file(deployment, webhook),
      ["IST0146 Deployment d.default: auto"],
    ],
    [
      "is replaced where a webhook takes the namespace",
      file(deployment, webhook, namespace(enabled)),
      [],
    ],
    ["is not told where files say nothing of webhooks", deployment, []],
  ]);
});

describe("the user of an application", () => {
  const asUser = (runAsUser: number) => ({ securityContext: { runAsUser } });
  tryRows(applicationUidAnalyzer, [
    ["is not the proxy's", pod(asUser(1337)), ["IST0144 Pod p.default: 1337"]],
    [
      "is told once for a pod",
      pod({
        containers: [
          { name: "a", ...asUser(1337) },
          { name: "b", ...asUser(1337) },
        ],
      }),
      ["IST0144 Pod p.default: 1337"],
    ],
    [
      "is told of a Deployment",
      resource("Deployment", "d", { template: { spec: asUser(1337) } }),
      ["IST0144 Deployment d.default: 1337"],
    ],
    [
      "may be any other",
      pod({ ...asUser(1000), containers: [{ name: "istio-proxy", ...asUser(1337) }] }),
      [],
    ],
    ["is not told of Istio's own", pod(asUser(1337), { labels: { release: "istio" } }), []],
  ]);
});

describe("webhooks", () => {
  const hooks = (name: string, webhooks: readonly object[], labels: object = {}) =>
    resource("MutatingWebhookConfiguration", { name, labels }, { webhooks });
  const hook = (selector: object, service = "istiod") => ({
    name: "sidecar-injector.istio.io",
    clientConfig: { service: { namespace: "istio-system", name: service } },
    namespaceSelector: { matchLabels: selector },
  });
  const anyInjection = { matchExpressions: [{ key: "istio-injection", operator: "Exists" }] };
  const istiod = resource("Service", { name: "istiod", namespace: "istio-system" });
  tryRows(webhookAnalyzer, [
    [
      "inject each pod once",
      file(hooks("a", [hook(enabled)]), hooks("b", [hook({ "istio.io/rev": "x" })]), istiod),
      [
        "IST0139 MutatingWebhookConfiguration a: namespaceSelector",
        "IST0139 MutatingWebhookConfiguration b: namespaceSelector",
      ],
    ],
    [
      "are told apart by their selectors",
      file(
        hooks("a", [hook(enabled)]),
        hooks("b", [hook({ "istio-injection": "disabled" })]),
        istiod,
      ),
      [],
    ],
    [
      "are told when they call a Service that there is not",
      hooks("a", [hook(enabled, "other")]),
      ["IST0139 MutatingWebhookConfiguration a: service"],
    ],
    [
      "of one configuration are told together when they overlap with the same others",
      file(
        hooks("a", [
          hook(enabled),
          { ...hook({ "istio-injection": "disabled" }), name: "off.istio.io" },
        ]),
        hooks("b", [{ ...hook({}), namespaceSelector: anyInjection }]),
        istiod,
      ),
      [
        "IST0139 MutatingWebhookConfiguration a: namespaceSelector",
        "IST0139 MutatingWebhookConfiguration b: namespaceSelector",
        "IST0139 MutatingWebhookConfiguration b: namespaceSelector",
      ],
    ],
    [
      "of one configuration are told together when they call the same Service",
      hooks("a", [hook(enabled, "other"), hook({ "istio-injection": "disabled" }, "other")]),
      ["IST0139 MutatingWebhookConfiguration a: service"],
    ],
    [
      "of others are not looked at",
      hooks("a", [{ name: "example.com", clientConfig: { service: { name: "x" } } }]),
      [],
    ],
  ]);
});

describe("the address of an external control plane", () => {
  const hooks = (...urls: readonly (string | undefined)[]) =>
    resource("MutatingWebhookConfiguration", "istio-sidecar-injector-a", {
      webhooks: urls.map((url) => ({ name: "w", clientConfig: url === undefined ? {} : { url } })),
    });
  const validators = (name: string) =>
    resource("ValidatingWebhookConfiguration", name, {
      webhooks: [{ name: "w", clientConfig: {} }],
    });
  tryRows(externalControlPlaneAnalyzer, [
    ["is a URL with a name", hooks("https://istiod.example.com:15017/inject"), []],
    [
      "is told when it is missing",
      hooks(undefined),
      ["IST0163 MutatingWebhookConfiguration istio-sidecar-injector-a: clientConfig"],
    ],
    [
      "is told when it is no URL",
      hooks("istiod"),
      ["IST0163 MutatingWebhookConfiguration istio-sidecar-injector-a: istiod"],
    ],
    [
      "is told when it is no name",
      hooks("https://10.0.0.1/inject"),
      ["IST0164 MutatingWebhookConfiguration istio-sidecar-injector-a: https://10.0.0.1/inject"],
    ],
    [
      "is told when it can be no name",
      hooks("https://a_b.com/inject"),
      ["IST0163 MutatingWebhookConfiguration istio-sidecar-injector-a: https://a_b.com/inject"],
    ],
    [
      "is told of every webhook",
      hooks("https://istiod.example.com/inject", "https://10.0.0.1/inject", undefined),
      [
        "IST0164 MutatingWebhookConfiguration istio-sidecar-injector-a: https://10.0.0.1/inject",
        "IST0163 MutatingWebhookConfiguration istio-sidecar-injector-a: clientConfig",
      ],
    ],
    [
      "is told of every configuration of Istio's",
      file(
        validators("istio-validator-b"),
        validators("istiod-default-validator"),
        validators("istiod-default-validator-b"),
      ),
      [
        "IST0163 ValidatingWebhookConfiguration istio-validator-b: clientConfig",
        "IST0163 ValidatingWebhookConfiguration istiod-default-validator: clientConfig",
      ],
    ],
    [
      "may be a Service instead",
      resource("ValidatingWebhookConfiguration", "istiod-default-validator", {
        webhooks: [{ name: "w", clientConfig: { service: { name: "a" } } }],
      }),
      [],
    ],
  ]);
});
