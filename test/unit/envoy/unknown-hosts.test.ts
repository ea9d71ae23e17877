/** How hosts are called that nobody declared and that sidecars look up, where the mesh says that it is by TLS. */
import { expect, test } from "vitest";
import { parseOffline } from "../../../src/config/parse-offline.js";
import type { UpstreamTlsContextJson } from "../../../src/envoy/api.js";
import { hostIn, SIDECAR, sentTo } from "./sent-to.js";

const CLUSTER = "AllowAnyDynamicDNSCluster";

const mesh = (policy: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    outboundTrafficPolicy: { ${policy} }`;

const lookedUp = (tls: string): string => mesh(`mode: ALLOW_ANY_DYNAMIC_DNS, tls: { ${tls} }`);

/** What the cluster of these hosts says of TLS; undefined of one in plaintext. */
function tlsOf(policy: string) {
  const { clusters } = sentTo(SIDECAR, policy);
  const cluster = clusters.get(CLUSTER);
  const socket = cluster?.transportSocket?.typedConfig as UpstreamTlsContextJson | undefined;
  const { commonTlsContext, sni } = socket ?? {};
  const [options] = Object.values(cluster?.typedExtensionProtocolOptions ?? {}) as {
    readonly upstreamHttpProtocolOptions?: object;
  }[];
  const type = cluster?.clusterType?.typedConfig as
    | { readonly allowInsecureClusterOptions?: boolean }
    | undefined;
  return {
    common: commonTlsContext,
    sni,
    http: options?.upstreamHttpProtocolOptions,
    insecure: type?.allowInsecureClusterOptions === true,
  };
}

test("they are who the request is for, by the roots of the operating system", () => {
  const { common, ...rest } = tlsOf(lookedUp("mode: SIMPLE"));
  expect(common?.validationContext).toEqual({
    trustedCa: { filename: "/etc/ssl/certs/ca-certificates.crt" },
  });
  expect(rest).toEqual({
    sni: undefined,
    http: { autoSni: true, autoSanValidation: true },
    insecure: false,
  });
});

test("the mesh says by which files, and which names", () => {
  const { common, ...rest } = tlsOf(
    lookedUp(
      "mode: MUTUAL, sni: out.example, caCertificates: /ca.pem, caCrl: /crl.pem, " +
        "clientCertificate: /cert.pem, privateKey: /key.pem, subjectAltNames: [out.example]",
    ),
  );
  expect(common).toMatchObject({
    tlsCertificates: [
      { certificateChain: { filename: "/cert.pem" }, privateKey: { filename: "/key.pem" } },
    ],
    validationContext: { trustedCa: { filename: "/ca.pem" }, crl: { filename: "/crl.pem" } },
  });
  expect(JSON.stringify(common?.validationContext)).toContain("out.example");
  expect(rest).toEqual({ sni: "out.example", http: undefined, insecure: true });
});

test("nobody is verified where the mesh says so", () => {
  const { common, ...rest } = tlsOf(lookedUp("mode: SIMPLE, insecureSkipVerify: true"));
  expect(common?.validationContext).toBeUndefined();
  expect(rest).toEqual({ sni: undefined, http: { autoSni: true }, insecure: true });
});

test("they are called in plaintext where it says nothing, or that", () => {
  const plain = { common: undefined, sni: undefined, http: undefined, insecure: false };
  expect(tlsOf(mesh("mode: ALLOW_ANY_DYNAMIC_DNS"))).toEqual(plain);
  expect(tlsOf(lookedUp("mode: DISABLE"))).toEqual(plain);
});

test.each([
  [
    "is for hosts that are not looked up",
    mesh("mode: ALLOW_ANY, tls: { mode: SIMPLE }"),
    "no effect",
  ],
  ["is the mesh's own", lookedUp("mode: ISTIO_MUTUAL"), "in no mesh"],
  ["needs a Secret", lookedUp("mode: SIMPLE, credentialName: roots"), "no Secret of the mesh"],
  ["lacks a certificate", lookedUp("mode: MUTUAL"), "needs clientCertificate"],
])("the user is told of TLS that %s", (_what, text, message) => {
  const { diagnostics } = parseOffline([{ path: "mesh.yaml", text }]);
  expect(diagnostics.map((one) => one.message).join("\n")).toContain(message);
});

/** Where the connections go for which the HTTP proxy of a sidecar is asked: a cluster, or an answer in their place. */
function tunnelOf(policy: string, metadata: Readonly<Record<string, string>> = {}) {
  const node = { ...SIDECAR, metadata: { ...SIDECAR.metadata, ...metadata } };
  const host = hostIn(sentTo(node, policy).routes.get("http_proxy"), "*");
  const tunnel = host?.routes?.find(({ match }) => match?.connectMatcher !== undefined);
  return tunnel?.route?.cluster ?? tunnel?.directResponse?.status;
}

test("what clients say in a tunnel to them is not put into TLS again", () => {
  const byProxy = { INTERCEPTION_MODE: "NONE" };
  expect(tunnelOf(mesh("mode: ALLOW_ANY_DYNAMIC_DNS"), byProxy)).toBe(CLUSTER);
  expect(tunnelOf(lookedUp("mode: DISABLE"), byProxy)).toBe(CLUSTER);
  expect(tunnelOf(lookedUp("mode: SIMPLE"), byProxy)).toBe("PassthroughCluster");
});

test("a proxy whose own connections are redirected refuses tunnels that would come back", () => {
  const proxied = (policy: string): string => `${policy}\n    proxyHttpPort: 15080`;
  expect(tunnelOf(proxied(mesh("mode: ALLOW_ANY_DYNAMIC_DNS")))).toBe(CLUSTER);
  expect(tunnelOf(proxied(lookedUp("mode: SIMPLE")))).toBe(502);
});
