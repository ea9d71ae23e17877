import { describe, expect, it } from "vitest";
import { alphaAnnotationAnalyzer } from "../../../src/analysis/analyzers/alpha-annotations.js";
import { annotationAnalyzer } from "../../../src/analysis/analyzers/annotations.js";
import { annotationValueProblem } from "../../../src/analysis/annotation-values.js";
import { resource, tryRows } from "./messages-of.js";

function annotated(kind: string, annotations: object, labels: object = {}): string {
  return resource(kind, { name: "one", annotations, labels });
}

describe("annotations of Istio's", () => {
  tryRows(annotationAnalyzer, [
    ["are not looked at when they are others'", annotated("Pod", { "example.com/a": "b" }), []],
    [
      "that Istio does not have are told",
      annotated("Service", { "networking.istio.io/exportsTo": "." }),
      ["IST0108 Service one.default: networking.istio.io/exportsTo"],
    ],
    [
      "may be on the kinds that they are for",
      annotated("Service", { "networking.istio.io/exportTo": "." }),
      [],
    ],
    [
      "may be about the statistics of proxies",
      annotated("Pod", { "sidecar.istio.io/statsFlushInterval": "10s" }),
      [],
    ],
    [
      "mean nothing on other kinds",
      annotated("Namespace", { "networking.istio.io/exportTo": "." }),
      ["IST0107 Namespace one: networking.istio.io/exportTo"],
    ],
    [
      "that Istio writes itself may be on other kinds",
      annotated("Deployment", { "istio.io/rev": "default", "sidecar.istio.io/status": "{}" }),
      [],
    ],
    [
      "of pods mean nothing on their Deployment",
      annotated("Deployment", { "sidecar.istio.io/proxyCPU": "1" }),
      ["IST0107 Deployment one.default: sidecar.istio.io/proxyCPU"],
    ],
    [
      "for any kind are right everywhere",
      annotated("Pod", { "galley.istio.io/analyze-suppress": "IST0001" }),
      [],
    ],
    [
      "that are deprecated are told",
      annotated("Pod", { "sidecar.istio.io/inject": "true" }),
      ["IST0135 Pod one.default: sidecar.istio.io/inject"],
    ],
    [
      "that have another name now are told",
      annotated("Pod", { "traffic.sidecar.istio.io/kubevirtInterfaces": "net1" }),
      ["IST0135 Pod one.default: traffic.sidecar.istio.io/kubevirtInterfaces"],
    ],
    [
      "that are deprecated are not told beside the label that replaces them",
      annotated(
        "Pod",
        { "sidecar.istio.io/inject": "true" },
        { "sidecar.istio.io/inject": "true" },
      ),
      [],
    ],
    [
      "with a wrong value are told where the value is",
      annotated("Pod", { "status.sidecar.istio.io/port": "http" }),
      ["IST0125 Pod one.default: http"],
    ],
    [
      "that say nothing to a mesh are told all the same when they are for an Ingress",
      annotated("Service", { "kubernetes.io/ingress.class": "istio" }),
      ["IST0107 Service one.default: kubernetes.io/ingress.class"],
    ],
  ]);

  it.each([
    ["sidecar.istio.io/interceptionMode", ["REDIRECT", "TPROXY", "NONE"], ["redirect", ""]],
    ["prometheus.istio.io/merge-metrics", ["true", "F", "0"], ["yes", ""]],
    [
      "readiness.status.sidecar.istio.io/periodSeconds",
      ["0", "4294967295"],
      ["-1", "4294967296", "1s"],
    ],
    ["status.sidecar.istio.io/port", ["0", " 65535 "], ["65536", "http", ""]],
    ["traffic.sidecar.istio.io/includeInboundPorts", ["*", "", "80, 443"], ["80,", "a"]],
    ["traffic.sidecar.istio.io/excludeInboundPorts", ["", "80,443"], ["*"]],
    [
      "traffic.sidecar.istio.io/includeOutboundIPRanges",
      ["*", "", "10.0.0.0/8,fd00::/8"],
      ["10.0.0.0", "10.0.0.0/33", "a/8"],
    ],
    [
      "proxy.istio.io/config",
      ["{}", "", "concurrency: 2", "notYetKnown: 1"],
      ["concurrency: two", "a: ["],
    ],
    ["sidecar.istio.io/logLevel", ["anything"], []],
  ])("%s takes what Istio takes", (name, right, wrong) => {
    expect(right.filter((value) => annotationValueProblem(name, value) !== undefined)).toEqual([]);
    expect(wrong.filter((value) => annotationValueProblem(name, value) === undefined)).toEqual([]);
  });
});

describe("alpha annotations", () => {
  const redirected = { "traffic.sidecar.istio.io/includeInboundPorts": "*" };
  tryRows(alphaAnnotationAnalyzer, [
    [
      "are told",
      annotated("Pod", { "sidecar.istio.io/logLevel": "debug" }),
      ["IST0136 Pod one.default: sidecar.istio.io/logLevel"],
    ],
    ["are not told when they are beta", annotated("Pod", { "proxy.istio.io/config": "{}" }), []],
    [
      "are not told when injection writes them",
      annotated("Pod", { "sidecar.istio.io/status": "{}", "istio.io/rev": "default" }),
      [],
    ],
    [
      "are not told when the controller of Gateways writes them",
      annotated("Deployment", { "gateway.istio.io/controller-version": "5" }),
      [],
    ],
    ["are not told when the CNI plugin writes them", annotated("Pod", redirected), []],
    [
      "are told of pods without the plugin",
      resource(
        "Pod",
        { name: "one", annotations: redirected },
        { initContainers: [{ name: "istio-init" }] },
      ),
      ["IST0136 Pod one.default: traffic.sidecar.istio.io/includeInboundPorts"],
    ],
  ]);
});
