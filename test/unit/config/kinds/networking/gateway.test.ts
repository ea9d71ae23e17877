import { describe, expect, it } from "vitest";
import { shortFindingsOf, tryRows } from "../findings-of.js";

const http = { number: 80, name: "http", protocol: "HTTP" };
const https = { number: 443, name: "https", protocol: "HTTPS" };
const gateway = (...servers: object[]) => ({
  servers: servers.map((server) => ({ port: http, hosts: ["*"], ...server })),
});
const SERVER = "spec.servers[0]";

describe("a Gateway", () => {
  tryRows("Gateway", [
    ["has servers", {}, ["spec.servers"]],
    ["has ports of different names", gateway({}, {}), ["spec.servers[1].port.name"]],
    [
      "should select workloads by labels without wildcards",
      { ...gateway({}), selector: { istio: "*" } },
      ["warning spec.selector.istio"],
    ],
  ]);

  it("has a name without dots", () => {
    expect(shortFindingsOf("Gateway", gateway({}), { name: "a.b" })).toEqual(["metadata.name"]);
  });
});

describe("the hosts of a gateway's server", () => {
  const hosts = (...names: string[]) => gateway({ hosts: names });
  tryRows("Gateway", [
    ["are some", hosts(), [`${SERVER}.hosts`]],
    ["can be names, all names below a domain, or all", hosts("a.b", "*.b", "*"), []],
    ["can be IP addresses, of version 4", hosts("10.0.0.1", "::1"), [`${SERVER}.hosts[1]`]],
    ["can be those of a namespace", hosts("ns/a.b", "./*", "*/*"), []],
    ["are whole names", hosts("a"), [`${SERVER}.hosts[0]`]],
    [
      "have no wildcards for a part of a label",
      hosts("*a.b", "*-a.b"),
      [0, 1].map((i) => `${SERVER}.hosts[${i}]`),
    ],
    [
      "are in namespaces that can be",
      hosts("~/a.b", "a_b/a.b", "/a.b"),
      [0, 1, 2].map((i) => `${SERVER}.hosts[${i}]`),
    ],
  ]);
});

describe("the port of a gateway's server", () => {
  const port = (one: object, rest: object = {}) => gateway({ port: { ...http, ...one }, ...rest });
  tryRows("Gateway", [
    ["is in range", port({ number: 65536 }), [`${SERVER}.port.number`]],
    ["has a protocol of Istio's, in either case", port({ protocol: "grpc-web" }), []],
    ["has no other protocol", port({ protocol: "HTTP3" }), [`${SERVER}.port.protocol`]],
    ["has a name", port({ name: "" }), [`${SERVER}.port.name`]],
    ["has no other port behind it", port({ targetPort: 8080 }), [`${SERVER}.port.targetPort`]],
    ["can be an address", port({}, { bind: "127.0.0.1" }), []],
    ["is no name", port({}, { bind: "localhost" }), [`${SERVER}.bind`]],
    ["can be a socket instead", port({ number: 0 }, { bind: "unix:///run/a.sock" }), []],
    [
      "can be left out for a socket",
      gateway({ port: { name: "http", protocol: "HTTP" }, bind: "unix://@a" }),
      [],
    ],
    [
      "is given for an address",
      gateway({ port: { name: "http", protocol: "HTTP" } }),
      [`${SERVER}.port.number`],
    ],
    ["is 0 for a socket", port({}, { bind: "unix://@a" }), [`${SERVER}.port.number`]],
    ["is a socket of a file", port({ number: 0 }, { bind: "unix://a/" }), [`${SERVER}.bind`]],
  ]);
});

describe("a gateway's TLS", () => {
  const tls = (settings: object, port: object = https) => gateway({ port, tls: settings });
  const TLS = `${SERVER}.tls`;
  const files = { serverCertificate: "/cert", privateKey: "/key" };
  tryRows("Gateway", [
    ["is there for HTTPS", gateway({ port: https }), [TLS]],
    ["is not there for HTTP", tls({ mode: "SIMPLE", credentialName: "a" }, http), [TLS]],
    ["can redirect HTTP", tls({ httpsRedirect: true }, http), []],
    [
      "should not redirect HTTPS",
      tls({ mode: "PASSTHROUGH", httpsRedirect: true }),
      [`warning ${TLS}.httpsRedirect`],
    ],
    [
      "is not there for TCP, not even to redirect",
      tls({ httpsRedirect: true }, { ...http, protocol: "TCP" }),
      [TLS],
    ],
    ["can have its certificate in a secret", tls({ mode: "SIMPLE", credentialName: "a" }), []],
    [
      "can have its certificates in secrets",
      tls({ mode: "SIMPLE", credentialNames: ["a", "b"] }),
      [],
    ],
    [
      "cannot have its certificate in a ConfigMap, which has no key",
      tls({ mode: "MUTUAL", credentialName: "configmap://edge/a" }),
      [`warning ${TLS}.credentialName`],
    ],
    [
      "cannot have any of its certificates in a ConfigMap",
      tls({ mode: "SIMPLE", credentialNames: ["a", "configmap://edge/a"] }),
      [`warning ${TLS}.credentialNames[1]`],
    ],
    [
      "can have what clients are verified by in a ConfigMap",
      tls({ mode: "MUTUAL", credentialName: "a", caCertCredentialName: "configmap://edge/a" }),
      [],
    ],
    [
      "has no certificate of an external server of secrets",
      tls({ mode: "SIMPLE", credentialName: "sds://vault" }),
      [`warning ${TLS}.credentialName`],
    ],
    ["can have its certificate in files", tls({ mode: "SIMPLE", ...files }), []],
    [
      "has a certificate and a key",
      tls({ mode: "SIMPLE" }),
      [`${TLS}.serverCertificate`, `${TLS}.privateKey`],
    ],
    [
      "has certificates from one source",
      tls({ mode: "SIMPLE", ...files, credentialName: "a", tlsCertificates: [files] }),
      [`${TLS}.credentialName`, `${TLS}.tlsCertificates`],
    ],
    [
      "has what clients are verified by where it is mutual",
      tls({ mode: "MUTUAL", ...files }),
      [`${TLS}.caCertificates`],
    ],
    [
      "has what clients are verified by beside the files of the server",
      tls({ mode: "OPTIONAL_MUTUAL", ...files, caCertCredentialName: "a" }),
      [`${TLS}.caCertificates`],
    ],
    [
      "has the keys of all its certificates",
      tls({
        mode: "OPTIONAL_MUTUAL",
        caCertificates: "/ca",
        tlsCertificates: [files, { privateKey: "/k" }],
      }),
      [`${TLS}.tlsCertificates[1].serverCertificate`],
    ],
    [
      "should have two certificates at most",
      tls({ mode: "SIMPLE", tlsCertificates: [files, files, files] }),
      [`warning ${TLS}.tlsCertificates[2]`],
    ],
    [
      "has no revocation list where clients are not verified",
      tls({ mode: "SIMPLE", ...files, caCrl: "/crl" }),
      [`${TLS}.caCrl`],
    ],
    [
      "has no certificates but the mesh's with ISTIO_MUTUAL",
      tls({ mode: "ISTIO_MUTUAL", credentialName: "a", privateKey: "/key" }),
      [`${TLS}.privateKey`, `${TLS}.credentialName`],
    ],
    [
      "should have no certificates where it does not terminate TLS",
      tls({ mode: "PASSTHROUGH", credentialName: "a" }),
      [`warning ${TLS}.credentialName`],
    ],
    [
      "has certificates from one of all three sources",
      tls({
        mode: "SIMPLE",
        credentialName: "a",
        credentialNames: ["b"],
        serverCertificate: "/cert",
        privateKey: "/key",
      }),
      [`${TLS}.credentialName`, `${TLS}.credentialNames`],
    ],
    [
      "has certificates from one source even there",
      tls({ mode: "AUTO_PASSTHROUGH", credentialName: "a", credentialNames: ["b"] }),
      [`warning ${TLS}.credentialName`, `warning ${TLS}.credentialNames`, `${TLS}.credentialNames`],
    ],
    [
      "has no revocation list beside a secret even there",
      tls({ mode: "PASSTHROUGH", credentialName: "a", caCrl: "/crl" }),
      [`warning ${TLS}.credentialName`, `warning ${TLS}.caCrl`, `${TLS}.caCrl`],
    ],
    [
      "should have ciphers that Envoy has, once each",
      tls({
        mode: "SIMPLE",
        credentialName: "a",
        cipherSuites: ["AES128-SHA", "AES", "AES128-SHA", "-SHA"],
      }),
      [`warning ${TLS}.cipherSuites[1]`, `warning ${TLS}.cipherSuites[2]`],
    ],
    [
      "should have ciphers for old versions of TLS",
      tls({ mode: "SIMPLE", credentialName: "a", minProtocolVersion: "TLSV1_1" }),
      [`warning ${TLS}.minProtocolVersion`],
    ],
  ]);
});
