import { describe, expect, it } from "vitest";
import { apiVersionsOf, lookUpKind } from "../../../src/config/kind-lookup.js";
import { KINDS } from "../../../src/config/kinds.js";

describe("lookUpKind", () => {
  it.each([
    ["v1", "Service"],
    ["apps/v1", "Deployment"],
    ["discovery.k8s.io/v1", "EndpointSlice"],
    ["gateway.networking.k8s.io/v1", "ListenerSet"],
    ["gateway.networking.k8s.io/v1beta1", "ReferenceGrant"],
    ["gateway.networking.x-k8s.io/v1alpha1", "XListenerSet"],
    ["networking.istio.io/v1", "Gateway"],
    ["networking.k8s.io/v1", "Ingress"],
    ["networking.istio.io/v1alpha3", "EnvoyFilter"],
    ["security.istio.io/v1beta1", "PeerAuthentication"],
    ["telemetry.istio.io/v1alpha1", "Telemetry"],
  ] as const)("knows %s %s", (apiVersion, kind) => {
    expect(lookUpKind(apiVersion, kind)).toEqual({ result: "known", definition: KINDS[kind] });
  });

  it("knows two kinds that are called Gateway by their groups", () => {
    expect(lookUpKind("gateway.networking.k8s.io/v1", "Gateway")).toEqual({
      result: "known",
      definition: KINDS.KubernetesGateway,
    });
    expect(lookUpKind("gateway.networking.k8s.io/v2", "Gateway")).toMatchObject({
      result: "wrong-version",
      definition: { kind: "KubernetesGateway" },
    });
    expect(lookUpKind("gateway.networking.k8s.io/v1", "KubernetesGateway")).toEqual({
      result: "unsupported",
    });
  });

  it.each([
    ["gateway.networking.k8s.io/v1", "UDPRoute"],
    ["gateway.networking.x-k8s.io/v1alpha1", "XBackendTrafficPolicy"],
  ])("knows that %s %s would mean something", (apiVersion, kind) => {
    expect(lookUpKind(apiVersion, kind)).toEqual({ result: "unsupported" });
  });

  it.each([
    ["networking.istio.io/v2", "VirtualService"],
    ["networking.istio.io/v1", "EnvoyFilter"],
    ["v1", "Deployment"],
    ["extensions/v1beta1", "Deployment"],
    ["v1beta1", "Service"],
    ["/v1", "VirtualService"],
  ])("knows the kind of %s %s, not the version", (apiVersion, kind) => {
    expect(lookUpKind(apiVersion, kind)).toMatchObject({
      result: "wrong-version",
      definition: { kind },
    });
  });

  it.each([
    ["rbac.authorization.k8s.io/v1", "ClusterRole"],
    ["networking.k8s.io/v1", "NetworkPolicy"],
    ["extensions/v1beta1", "Ingress"],
    ["v1", "PersistentVolumeClaim"],
    ["apps/v1", "ReplicaSet"],
    ["install.istio.io/v1alpha1", "IstioOperator"],
  ])("knows that %s %s means nothing here", (apiVersion, kind) => {
    expect(lookUpKind(apiVersion, kind)).toEqual({ result: "meaningless" });
  });

  it("tells which kind was probably meant", () => {
    expect(lookUpKind("networking.istio.io/v1", "VirtualServices")).toEqual({
      result: "unknown",
      didYouMean: "VirtualService",
    });
  });

  it.each([
    ["example.com/v1", "Rollout"],
    ["v1", "constructor"],
    ["", ""],
  ])("knows nothing of %j %j", (apiVersion, kind) => {
    expect(lookUpKind(apiVersion, kind)).toEqual({ result: "unknown" });
  });
});

describe("apiVersionsOf", () => {
  it("writes them as a resource does", () => {
    expect(apiVersionsOf(KINDS.Service)).toEqual(["v1"]);
    expect(apiVersionsOf(KINDS.Telemetry)).toEqual([
      "telemetry.istio.io/v1",
      "telemetry.istio.io/v1alpha1",
    ]);
  });
});
