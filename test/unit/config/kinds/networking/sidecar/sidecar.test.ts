import { describe } from "vitest";
import { tryRows } from "../../findings-of.js";

const all = { hosts: ["*/*"] };

describe("a Sidecar", () => {
  const policy = (outboundTrafficPolicy: object) => ({ outboundTrafficPolicy });
  const POLICY = "spec.outboundTrafficPolicy";
  tryRows("Sidecar", [
    ["says something", {}, ["spec"]],
    ["can be for what is in no registry alone", policy({ mode: "REGISTRY_ONLY" }), []],
    [
      "should select workloads by something",
      { egress: [all], workloadSelector: {} },
      ["warning spec.workloadSelector"],
    ],
    [
      "limits something where it limits",
      { inboundConnectionPool: {} },
      ["spec.inboundConnectionPool"],
    ],
    [
      "sends what is in no registry to a proxy where all is allowed",
      policy({ egressProxy: { host: "a.b", port: { number: 80 } } }),
      [`${POLICY}.egressProxy`],
    ],
    [
      "sends it to a proxy with a name and a port",
      policy({ mode: "ALLOW_ANY", egressProxy: { host: "*.b" } }),
      [`${POLICY}.egressProxy.host`, `${POLICY}.egressProxy.port`],
    ],
  ]);
});

describe("what a sidecar reaches", () => {
  const egress = (...listeners: object[]) => ({
    egress: listeners.map((one) => ({ ...all, ...one })),
  });
  const hosts = (...names: string[]) => ({ egress: [{ hosts: names }] });
  const port = { number: 80, protocol: "HTTP" };
  const HOST = "spec.egress[0].hosts";
  tryRows("Sidecar", [
    ["is some", hosts(), [HOST]],
    ["is services of a namespace, of its own, or of all", hosts("ns/a.b", "./*.c", "*/d.e"), []],
    ["can be nothing", hosts("~/*"), []],
    ["is in a namespace", hosts("a.b"), [`${HOST}[0]`]],
    ["is in a namespace that can be", hosts("a_b/*"), [`${HOST}[0]`]],
    ["is named by whole names", hosts("ns/a"), [`${HOST}[0]`]],
    ["is no part of a label", hosts("ns/*a.b"), [`${HOST}[0]`]],
    ["should not be there twice", hosts("./a.b", "shop/a.b", "ns/a.b"), [`warning ${HOST}[1]`]],
    ["should not be there beside all of the same", hosts("ns/a.b", "ns/*"), [`warning ${HOST}[0]`]],
    ["is all but what is excluded", hosts("*/*", "~ns/*", "~/a.b"), []],
    ["is on all ports at the end only", egress({}, { port }), ["spec.egress[0]"]],
    ["is on different ports", egress({ port }, { port }), ["spec.egress[1].port"]],
    ["is on ports in range", egress({ port: { number: 65536 } }), ["spec.egress[0].port.number"]],
    [
      "is on ports with protocols of Istio's",
      egress({ port: { ...port, protocol: "H2" } }),
      ["spec.egress[0].port.protocol"],
    ],
    ["is on addresses", egress({ port, bind: "localhost" }), ["spec.egress[0].bind"]],
    ["is on addresses without a port too", egress({ bind: "localhost" }), ["spec.egress[0].bind"]],
    ["can be on a socket", egress({ port: { number: 0 }, bind: "unix:///a" }), []],
    ["is on a socket where it is on no port", egress({ port: {} }), ["spec.egress[0].port.number"]],
    [
      "is not captured where it is on a socket",
      egress({ port: {}, bind: "unix://@a", captureMode: "IPTABLES" }),
      ["spec.egress[0].captureMode"],
    ],
    [
      "is on different sockets",
      egress({ port: {}, bind: "unix://@a" }, { port: {}, bind: "unix://@a" }),
      ["spec.egress[1].port"],
    ],
  ]);
});

describe("what a sidecar accepts", () => {
  const port = { number: 8080, protocol: "HTTP" };
  const tlsPort = { number: 8443, protocol: "TLS" };
  const ingress = (one: object, ...more: object[]) => ({ ingress: [{ port, ...one }, ...more] });
  const endpoint = (defaultEndpoint: string) => ingress({ defaultEndpoint });
  const tls = (settings: object, on: object = tlsPort) => ingress({ port: on, tls: settings });
  const files = { serverCertificate: "/cert", privateKey: "/key" };
  const LISTENER = "spec.ingress[0]";
  tryRows("Sidecar", [
    ["is on different ports", ingress({}, { port }), ["spec.ingress[1].port.number"]],
    ["is on ports in range", ingress({ port: {} }), [`${LISTENER}.port.number`]],
    ["is on addresses, not on sockets", ingress({ bind: "unix:///a" }), [`${LISTENER}.bind`]],
    ...["127.0.0.1:80", "0.0.0.0:80", "[::1]:80", "[::]:80", ":80", "unix:///a"].map(
      (address) => [`can be for ${address}`, endpoint(address), []] as const,
    ),
    ...["10.0.0.1:80", "::1:80", "127.0.0.1:0", "127.0.0.1:http", "127.0.0.1", "unix://a"].map(
      (address) =>
        [`cannot be for ${address}`, endpoint(address), [`${LISTENER}.defaultEndpoint`]] as const,
    ),
    ["can be TLS", tls({ mode: "SIMPLE", ...files }), []],
    ["is TLS on ports for it", tls({ mode: "SIMPLE", ...files }, port), [`${LISTENER}.tls`]],
    ["is not mutual TLS of the mesh", tls({ mode: "ISTIO_MUTUAL" }), [`${LISTENER}.tls.mode`]],
    [
      "has its certificates in files",
      tls({ mode: "SIMPLE", credentialName: "a", subjectAltNames: ["b"], httpsRedirect: true }),
      [
        `${LISTENER}.tls.subjectAltNames`,
        `${LISTENER}.tls.credentialName`,
        `${LISTENER}.tls.httpsRedirect`,
      ],
    ],
    [
      "should have limits for its protocol",
      ingress({
        port: { number: 1, protocol: "TCP" },
        connectionPool: { http: { maxRetries: 1 } },
      }),
      [`warning ${LISTENER}.connectionPool.http`],
    ],
  ]);
});
