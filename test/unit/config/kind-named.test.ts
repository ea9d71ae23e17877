import { expect, test } from "vitest";
import { kindsNamed, kindWords } from "../../../src/config/kind-named.js";
import { KINDS } from "../../../src/config/kinds.js";

test.each([
  ["VirtualService", "VirtualService"],
  ["virtual-service", "VirtualService"],
  ["VIRTUALSERVICES", "VirtualService"],
  ["vs", "VirtualService"],
  ["dr", "DestinationRule"],
  ["gw", "Gateway"],
  ["se", "ServiceEntry"],
  ["we", "WorkloadEntry"],
  ["wg", "WorkloadGroup"],
  ["pa", "PeerAuthentication"],
  ["ra", "RequestAuthentication"],
  ["ap", "AuthorizationPolicy"],
  ["authorizationpolicies", "AuthorizationPolicy"],
  ["serviceentries", "ServiceEntry"],
  ["telemetries", "Telemetry"],
  ["envoyfilters", "EnvoyFilter"],
  ["svc", "Service"],
  ["po", "Pod"],
  ["deploy", "Deployment"],
  ["sts", "StatefulSet"],
  ["ds", "DaemonSet"],
  ["ns", "Namespace"],
  ["sa", "ServiceAccount"],
  ["cm", "ConfigMap"],
  ["ep", "Endpoints"],
  ["endpoints", "Endpoints"],
  ["ing", "Ingress"],
  ["ingresses", "Ingress"],
  ["gtw", "KubernetesGateway"],
  ["gatewayclasses", "GatewayClass"],
  ["btlspolicy", "BackendTLSPolicy"],
  ["refgrant", "ReferenceGrant"],
  ["gateways.networking.istio.io", "Gateway"],
  ["gateway.v1.gateway.networking.k8s.io", "KubernetesGateway"],
  ["xlistenersets.gateway.networking.x-k8s.io", "XListenerSet"],
])("%s is %s alone", (word, kind) => {
  expect(kindsNamed(word)).toEqual([kind]);
});

test("a word that several groups have is all of theirs, Istio's first", () => {
  expect(kindsNamed("gateways")).toEqual(["Gateway", "KubernetesGateway"]);
  expect(kindsNamed("lset")).toEqual(["ListenerSet", "XListenerSet"]);
});

test.each(["", "v", "virtualservicess", "vs.example.com", "virtualservice.networking.istio"])(
  "%j is no kind",
  (word) => {
    expect(kindsNamed(word)).toEqual([]);
  },
);

test("every kind is found by its name, and no short name is that of another kind", () => {
  expect(Object.keys(KINDS).filter((kind) => !kindsNamed(kind).includes(kind as never))).toEqual(
    [],
  );
  const shortNames = kindWords().flatMap((one) => one.shortNames);
  const namesFor = (word: string): ReadonlySet<string> =>
    new Set(kindsNamed(word).map((kind) => kind.replace(/^(X|Kubernetes)/, "")));
  expect(shortNames.filter((word) => namesFor(word).size !== 1)).toEqual([]);
});

test("a name of several groups is told once, with what is short for each", () => {
  const gateways = kindWords().filter(({ name }) => name === "Gateway");
  expect(gateways).toEqual([{ name: "Gateway", shortNames: ["gw", "gtw"] }]);
});
