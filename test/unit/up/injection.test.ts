import { expect, test } from "vitest";
import { getsSidecar } from "../../../src/up/injection.js";
import { resource } from "./fixtures.js";

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

test.each<[string, boolean, Case]>([
  ["a namespace that is enabled", true, { namespace: { "istio-injection": "enabled" } }],
  ["a namespace that is disabled", false, { namespace: { "istio-injection": "disabled" } }],
  ["a namespace that says nothing", false, { namespace: {} }],
  ["a namespace that no file declares", true, {}],
  ["a namespace with a revision", true, { namespace: { "istio.io/rev": "stable" } }],
  [
    "a pod that asks in a namespace that says nothing",
    true,
    { namespace: {}, labels: { [INJECT]: "true" } },
  ],
  [
    "a pod that asks in a disabled namespace",
    false,
    { namespace: { "istio-injection": "disabled" }, labels: { [INJECT]: "true" } },
  ],
  ["a pod that refuses", false, { labels: { [INJECT]: "false" } }],
  ["a pod that refuses by annotation", false, { annotations: { [INJECT]: "false" } }],
  [
    "a pod whose label and annotation disagree",
    true,
    { labels: { [INJECT]: "true" }, annotations: { [INJECT]: "false" } },
  ],
  [
    "a pod that asks by annotation alone",
    false,
    { namespace: {}, annotations: { [INJECT]: "true" } },
  ],
  ["a pod with a revision", true, { namespace: {}, labels: { "istio.io/rev": "stable" } }],
  ["a pod in the host's network", false, { hostNetwork: true }],
  ["a pod of Kubernetes itself", false, { name: "kube-system" }],
])("decides for %s: %s", (_, expected, subject) => {
  const { namespace, labels = {}, annotations = {}, hostNetwork = false } = subject;
  const declaration =
    namespace === undefined ? undefined : resource("Namespace", "shop", { labels: namespace });
  const pod = { labels, annotations, hostNetwork };
  expect(getsSidecar(subject.name ?? "shop", declaration as never, pod)).toBe(expected);
});
