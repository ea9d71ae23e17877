/** The credential `builtin://` is the gateway's own certificate, and the roots of the mesh. */
import { expect, test } from "vitest";
import { GATEWAY, sentTo } from "./sent-to.js";

const gateway = (tls: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: ${tls} }]
`;

const OUTSIDE = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside, namespace: istio-system }
spec:
  hosts: [api.example.com]
  ports: [{ number: 443, name: tls, protocol: TLS }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: outside, namespace: istio-system }
spec:
  host: api.example.com
  trafficPolicy: { tls: { mode: MUTUAL, credentialName: "builtin://" } }
`;

/** The secrets that a context of TLS names. */
function secretsOf(context: unknown): readonly string[] {
  const names = JSON.stringify(context).matchAll(/"name":"([^"]+)","sdsConfig"/g);
  return [...names].map(([, name = ""]) => name);
}

test.each([
  { mode: "SIMPLE", secrets: ["default"] },
  { mode: "MUTUAL", secrets: ["default", "ROOTCA"] },
])("a server of mode $mode asks for $secrets", ({ mode, secrets }) => {
  const sent = sentTo(GATEWAY, gateway(`{ mode: ${mode}, credentialName: "builtin://" }`));
  const [listener] = sent.listeners.values();
  expect(secretsOf(listener?.filterChains?.[0]?.transportSocket)).toEqual(secrets);
});

test("a gateway shows its own certificate to a server, and knows that by the roots of the mesh", () => {
  const cluster = sentTo(GATEWAY, OUTSIDE).clusters.get("outbound|443||api.example.com");
  expect(secretsOf(cluster?.transportSocket)).toEqual(["default", "ROOTCA"]);
});
