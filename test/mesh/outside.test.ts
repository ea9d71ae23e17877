/** Calls to hosts outside the mesh, which are found by DNS: those that are registered, and those that are not. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDevelopmentCertificates } from "../../src/up/development-certificates.js";
import { createFailureCounter } from "../../src/up/echo-controls.js";
import { listenEcho } from "../../src/up/echo-server.js";
import { type DnsServer, startDnsServer } from "./harness/dns-server.js";
import { type ForwardProxy, startForwardProxy } from "./harness/forward-proxy.js";
import { application, meshConfiguration } from "./harness/manifests.js";
import { type Answer, call, callThroughTunnel, callTls } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const KNOWN = "known.example.com";
const UNKNOWN = "unknown.example.com";
/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = `127.34.${String((process.pid >> 8) & 255)}.${String(process.pid & 255)}`;
const PORT = 8443;
const PROXY_PORT = 3128;
const DNS = { address: OUTSIDE, port: 5353 };

const REGISTRY_ONLY = meshConfiguration({ outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } });

/** HTTP to the known host becomes TLS, whose server is known by roots that are in a Secret. */
const withCredential = (roots: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: world-roots }
stringData:
  ca.crt: ${JSON.stringify(roots)}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: known-in-plaintext }
spec:
  hosts: [${KNOWN}]
  ports: [{ number: 8080, name: http, protocol: HTTP, targetPort: ${String(PORT)} }]
  location: MESH_EXTERNAL
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: known }
spec:
  host: ${KNOWN}
  workloadSelector: { matchLabels: { app: caller } }
  trafficPolicy:
    portLevelSettings:
      - port: { number: 8080 }
        tls: { mode: SIMPLE, credentialName: world-roots, sni: ${KNOWN} }
`;

/** What stands outside: the servers of both hosts, the DNS that names them, and the proxy at the border. */
const outside: {
  ca: string;
  dns: DnsServer | undefined;
  proxy: ForwardProxy | undefined;
} = { ca: "", dns: undefined, proxy: undefined };
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-outside-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  const certificates = await openDevelopmentCertificates(directory);
  const { root, ...tls } = await certificates.certificateFor([KNOWN, UNKNOWN]);
  const identity = { standInFor: "the world" };
  const server = await listenEcho(
    { address: OUTSIDE, port: PORT, identity, tls },
    createFailureCounter(0),
  );
  closers.push(() => server.close());
  const dns = await startDnsServer(DNS, { [KNOWN]: OUTSIDE, [UNKNOWN]: OUTSIDE });
  closers.push(() => dns.close());
  const proxy = await startForwardProxy({ address: OUTSIDE, port: PROXY_PORT, hostsAt: OUTSIDE });
  closers.push(() => proxy.close());
  outside.ca = root;
  outside.dns = dns;
  outside.proxy = proxy;
});

afterAll(async () => {
  for (const closer of closers.reverse()) await closer();
});

const mesh = shareMesh(
  {
    "apps.yaml": application("caller"),
    "known.yaml": `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: known }
spec:
  hosts: [${KNOWN}]
  ports: [{ number: ${String(PORT)}, name: https, protocol: HTTPS }]
  location: MESH_EXTERNAL
  resolution: DNS
`,
    "border.yaml": `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: border }
spec:
  hosts: [border.example.com]
  ports: [{ number: ${String(PROXY_PORT)}, name: tcp, protocol: TCP }]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE} }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: border }
spec:
  host: border.example.com
  trafficPolicy:
    tunnel: { targetHost: ${KNOWN}, targetPort: ${String(PORT)} }
`,
  },
  { standIns: false, dnsResolvers: [DNS] },
);

const caller = () => mesh().pod("caller-0");
const url = (host: string, scheme: "http" | "https"): string =>
  `${scheme}://${host}:${String(PORT)}/`;

/** TLS from the application to the port of its sidecar that external hosts share. */
function callByServerName(host: string): Promise<Answer> {
  const at = { address: caller().addresses.egress, port: PORT };
  return callTls(at, url(host, "https"), { ca: outside.ca });
}

test("reaches a registered host by the server name of its TLS, where DNS says that it is", async () => {
  const answer = await callByServerName(KNOWN);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    standInFor: "the world",
    serverName: KNOWN,
    peer: null,
  });
  expect(answer.certificate?.subjectaltname).toContain(KNOWN);
  expect(outside.dns?.asked).toContain(KNOWN);
});

test("passes TLS for no other server name on", async () => {
  await expect(callByServerName(UNKNOWN)).rejects.toThrow();
});

test("tunnels to a registered host through the HTTP proxy", async () => {
  const answer = await callThroughTunnel(caller(), url(KNOWN, "https"), { ca: outside.ca });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: KNOWN });
});

test("sends connections through the tunnel that a rule says, which an HTTP proxy outside makes", async () => {
  const at = { address: caller().addresses.egress, port: PROXY_PORT };
  const answer = await callTls(at, url(KNOWN, "https"), { ca: outside.ca });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: KNOWN });
  expect(outside.proxy?.asked).toContain(`${KNOWN}:${String(PORT)}`);
});

test("begins TLS with the roots of a Secret that a rule for its own workload names", async () => {
  await mesh().write("credential.yaml", withCredential(outside.ca));
  const answer = await call(caller(), `http://${KNOWN}:8080/`);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: KNOWN });
});

test("reaches a host that nobody registered, until only registered ones may be called", async () => {
  const called = { standInFor: "the world" };
  const plain = () => call(caller(), url(UNKNOWN, "http"));
  const tunnelled = (host: string) =>
    callThroughTunnel(caller(), url(host, "https"), { ca: outside.ca });
  expect(JSON.parse((await plain()).body)).toMatchObject(called);
  expect(JSON.parse((await tunnelled(UNKNOWN)).body)).toMatchObject(called);

  await mesh().write("mesh-config.yaml", REGISTRY_ONLY);
  expect((await plain()).status).toBe(502);
  await expect(tunnelled(UNKNOWN)).rejects.toThrow(`no tunnel to ${UNKNOWN}:${String(PORT)}: 502`);
  expect((await tunnelled(KNOWN)).status).toBe(200);
  expect((await callByServerName(KNOWN)).status).toBe(200);

  await mesh().remove("mesh-config.yaml");
  expect(JSON.parse((await plain()).body)).toMatchObject(called);
  expect(JSON.parse((await tunnelled(UNKNOWN)).body)).toMatchObject(called);
});
