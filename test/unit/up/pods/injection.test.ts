import { expect, test } from "vitest";
import { injectionOf } from "../../../../src/up/pods/injection.js";
import { resource } from "../fixtures.js";

type Labels = Readonly<Record<string, string>>;

interface Case {
  /** Absent: no file declares the namespace. */
  readonly namespace?: Labels;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly hostNetwork?: boolean;
  readonly name?: string;
}

const INJECT = "sidecar.istio.io/inject";

test.each<[string, boolean, Case, string]>([
  [
    "a namespace that is enabled",
    true,
    { namespace: { "istio-injection": "enabled" } },
    "the namespace has the label istio-injection=enabled",
  ],
  [
    "a namespace that is disabled",
    false,
    { namespace: { "istio-injection": "disabled" } },
    "the namespace has the label istio-injection=disabled",
  ],
  ["a namespace that says nothing", false, { namespace: {} }, "nothing asks for it"],
  [
    "a namespace that no file declares",
    true,
    {},
    "no file declares the namespace shop, which counts as istio-injection=enabled",
  ],
  [
    "a namespace with a revision",
    true,
    { namespace: { "istio.io/rev": "stable" } },
    "the namespace has the label istio.io/rev=stable",
  ],
  [
    "a pod that asks in a namespace that says nothing",
    true,
    { namespace: {}, labels: { [INJECT]: "true" } },
    "the pod has the label sidecar.istio.io/inject=true",
  ],
  [
    "a pod that asks in a disabled namespace",
    false,
    { namespace: { "istio-injection": "disabled" }, labels: { [INJECT]: "true" } },
    "the namespace has the label istio-injection=disabled",
  ],
  [
    "a pod that refuses",
    false,
    { labels: { [INJECT]: "false" } },
    "the pod has the label sidecar.istio.io/inject=false",
  ],
  [
    "a pod that refuses by annotation",
    false,
    { annotations: { [INJECT]: "false" } },
    "the pod is annotated sidecar.istio.io/inject=false",
  ],
  [
    "a pod whose label and annotation disagree",
    true,
    { labels: { [INJECT]: "true" }, annotations: { [INJECT]: "false" } },
    "the pod has the label sidecar.istio.io/inject=true",
  ],
  [
    "a pod that asks by annotation alone",
    false,
    { namespace: {}, annotations: { [INJECT]: "true" } },
    "nothing asks for it",
  ],
  [
    "a pod with a revision",
    true,
    { namespace: {}, labels: { "istio.io/rev": "stable" } },
    "the pod has the label istio.io/rev=stable",
  ],
  [
    "a pod in the host's network",
    false,
    { hostNetwork: true },
    "the pod is in the network of its host",
  ],
  [
    "a pod of Kubernetes itself",
    false,
    { name: "kube-system" },
    "the namespace kube-system is Kubernetes' own",
  ],
])("decides for %s: %s", (_, injected, subject, reason) => {
  const { namespace, labels = {}, annotations = {}, hostNetwork = false } = subject;
  const declaration =
    namespace === undefined ? undefined : resource("Namespace", "shop", { labels: namespace });
  const pod = { labels, annotations, hostNetwork };
  const decided = injectionOf(subject.name ?? "shop", declaration as never, pod);
  expect(decided).toEqual({ injected, reason: expect.stringContaining(reason) as string });
});
