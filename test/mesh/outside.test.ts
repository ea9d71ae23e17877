/** Calls to hosts outside the mesh, which are found by DNS: those that are registered, and those that are not. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFailureCounter } from "../../src/up/echo/echo-controls.js";
import { listenEcho } from "../../src/up/echo/echo-server.js";
import { openDevelopmentCertificates } from "../../src/up/made/development-certificates.js";
import { stats } from "./harness/admin.js";
import { type DnsServer, startDnsServer } from "./harness/dns-server.js";
import { explanationOf } from "./harness/explanations.js";
import { type ForwardProxy, startForwardProxy } from "./harness/forward-proxy.js";
import { application, meshConfiguration } from "./harness/manifests.js";
import { ownAddress } from "./harness/own-address.js";
import {
  type Answer,
  call,
  callAddress,
  callThroughTunnel,
  callTls,
  type Echo,
  echoOf,
} from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

const KNOWN = "known.example.com";
const UNKNOWN = "unknown.example.com";
/** Two of the hosts of a wildcard: the servers of the first show a certificate for it. */
const ONE = "one.world.example";
const TWO = "two.world.example";
/** One whose DNS names an address of the link, at which clouds tell machines their secrets. */
const METADATA = "metadata.world.example";
/** One whose DNS names the address at which the caller's own sidecar listens. */
const BACK = "back.example.com";
/** Of this process alone, so that two runs of the tests do not meet. */
const OUTSIDE = ownAddress(34);
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

/**
 * The hosts of a wildcard, by ports that lead to the one that all of them have: as they are called, by TLS that the sidecar
 * begins, and by way of a gateway.
 */
const WORLD = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: world }
spec:
  hosts: ["*.world.example"]
  ports:
    - { number: 8000, name: http, protocol: HTTP, targetPort: ${String(PORT)} }
    - { number: 8001, name: http-to-tls, protocol: HTTP, targetPort: ${String(PORT)} }
    - { number: 8002, name: http-by-gateway, protocol: HTTP, targetPort: ${String(PORT)} }
    - { number: ${String(PORT)}, name: tls, protocol: TLS }
    - { number: 8003, name: tls-by-gateway, protocol: TLS }
  location: MESH_EXTERNAL
  resolution: DYNAMIC_DNS
`;

const EGRESS = `
apiVersion: v1
kind: Service
metadata: { name: istio-egressgateway, namespace: istio-system }
spec:
  selector: { istio: egressgateway }
  ports:
    - { name: https, port: 443, targetPort: 8443 }
    - { name: tls, port: 444, targetPort: 8444 }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: egress, namespace: istio-system }
spec:
  selector: { istio: egressgateway }
  servers:
    - hosts: ["*"]
      port: { number: 443, name: https, protocol: HTTPS }
      tls: { mode: ISTIO_MUTUAL }
    - hosts: ["*.world.example", "*.far.example"]
      port: { number: 444, name: tls, protocol: TLS }
      tls: { mode: PASSTHROUGH }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: egress, namespace: istio-system }
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  trafficPolicy:
    portLevelSettings:
      - { port: { number: 443 }, tls: { mode: ISTIO_MUTUAL } }
      - { port: { number: 444 }, tls: { mode: DISABLE } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: by-gateway }
spec:
  hosts: ["*.world.example", ${UNKNOWN}]
  gateways: [mesh, istio-system/egress]
  http:
    - match: [{ gateways: [mesh], port: 8002 }]
      route:
        - destination: { host: istio-egressgateway.istio-system.svc.cluster.local, port: { number: 443 } }
    - match: [{ gateways: [istio-system/egress] }]
      route: [{ destination: { host: "*.world.example", port: { number: 8000 } } }]
  tls:
    - match: [{ gateways: [mesh], port: 8003, sniHosts: ["*.world.example"] }]
      route:
        - destination: { host: istio-egressgateway.istio-system.svc.cluster.local, port: { number: 444 } }
    - match: [{ gateways: [istio-system/egress], port: 444, sniHosts: ["*.world.example"] }]
      route: [{ destination: { host: "*.world.example", port: { number: ${String(PORT)} } } }]
`;

/** Hosts of a wildcard whose addresses their callers know, as Istio's task for them has it; and one of them by another way. */
const OPEN = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: open }
spec:
  hosts: ["*.open.example"]
  ports:
    - { number: 8004, name: http, protocol: HTTP, targetPort: ${String(PORT)} }
    - { number: ${String(PORT)}, name: https, protocol: HTTPS }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: open }
spec:
  hosts: ["*.open.example"]
  http:
    - match: [{ uri: { prefix: /renamed } }]
      rewrite: { authority: en.open.example }
      route: [{ destination: { host: "*.open.example" } }]
    - route: [{ destination: { host: "*.open.example", port: { number: 8004 } } }]
`;

/** A host of bytes that is elsewhere for those who call its address, as a VirtualService says. */
const LEDGER_PORT = 7000;
const LEDGER = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ledger }
spec:
  hosts: [ledger.example.com]
  addresses: [240.7.7.7]
  ports: [{ number: ${String(LEDGER_PORT)}, name: tcp, protocol: TCP }]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ledger }
spec:
  hosts: [ledger.example.com]
  tcp:
    - match: [{ destinationSubnets: [10.0.0.0/8] }]
      route: [{ destination: { host: border.example.com } }]
    - match: [{ destinationSubnets: [240.7.7.0/24] }]
      route: [{ destination: { host: ${KNOWN} } }]
`;

/** A host of bytes that is known by a block of addresses to callers whose connections are captured. */
const BLOCK = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: block }
spec:
  hosts: [block.example.com]
  addresses: [240.8.0.0/16]
  ports: [{ number: 7001, name: tcp, protocol: TCP, targetPort: ${String(PORT)} }]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{ address: ${OUTSIDE} }]
`;

/** One registered host, through a gateway, for all hosts of a wildcard. */
const FAR = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: far }
spec:
  hosts: [www.far.example]
  ports: [{ number: ${String(PORT)}, name: tls, protocol: TLS }]
  location: MESH_EXTERNAL
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: far }
spec:
  hosts: ["*.far.example"]
  gateways: [mesh, istio-system/egress]
  tls:
    - match: [{ gateways: [mesh], port: ${String(PORT)}, sniHosts: ["*.far.example"] }]
      route:
        - destination: { host: istio-egressgateway.istio-system.svc.cluster.local, port: { number: 444 } }
    - match: [{ gateways: [istio-system/egress], port: 444, sniHosts: ["*.far.example"] }]
      route: [{ destination: { host: www.far.example, port: { number: ${String(PORT)} } } }]
`;

/** HTTP to a port of the wildcard's hosts becomes TLS. */
const withTls = (rootsFile: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: world }
spec:
  host: "*.world.example"
  trafficPolicy:
    portLevelSettings:
      - port: { number: 8001 }
        tls: { mode: SIMPLE, caCertificates: ${JSON.stringify(rootsFile)} }
`;

/** What stands outside: the servers of both hosts, the DNS that names them, and the proxy at the border. */
const outside: {
  ca: string;
  rootsFile: string;
  dns: DnsServer | undefined;
  proxy: ForwardProxy | undefined;
} = { ca: "", rootsFile: "", dns: undefined, proxy: undefined };
const closers: (() => Promise<void>)[] = [];

/** What DNS says, by name. */
const NAMES: Record<string, string> = {
  [KNOWN]: OUTSIDE,
  [UNKNOWN]: OUTSIDE,
  [ONE]: OUTSIDE,
  [TWO]: OUTSIDE,
  [METADATA]: "169.254.169.254",
  "www.far.example": OUTSIDE,
  "en.open.example": OUTSIDE,
  "de.open.example": OUTSIDE,
};

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-outside-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  const certificates = await openDevelopmentCertificates(directory);
  const { root, ...tls } = await certificates.certificateFor([
    KNOWN,
    UNKNOWN,
    ONE,
    "other.far.example",
    "en.open.example",
  ]);
  const identity = { standInFor: "the world" };
  const server = await listenEcho(
    { address: OUTSIDE, port: PORT, identity, tls },
    createFailureCounter(0),
  );
  closers.push(() => server.close());
  const dns = await startDnsServer(DNS, NAMES);
  closers.push(() => dns.close());
  const proxy = await startForwardProxy({ address: OUTSIDE, port: PROXY_PORT, hostsAt: OUTSIDE });
  closers.push(() => proxy.close());
  outside.ca = root;
  outside.rootsFile = join(directory, "roots.pem");
  await writeFile(outside.rootsFile, root);
  outside.dns = dns;
  outside.proxy = proxy;
});

afterAll(async () => {
  for (const closer of closers.reverse()) await closer();
});

const mesh = shareMesh(
  {
    "apps.yaml": application("caller"),
    "world.yaml": WORLD,
    "egress.yaml": EGRESS,
    "far.yaml": FAR,
    "open.yaml": OPEN,
    "ledger.yaml": LEDGER,
    "block.yaml": BLOCK,
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

test("makes what an application asks its HTTP proxy for a tunnel through the tunnel that a rule says", async () => {
  const before = outside.proxy?.asked.length ?? 0;
  const called = `https://border.example.com:${String(PROXY_PORT)}/`;
  const answer = await callThroughTunnel(caller(), called);
  expect(answer.status).toBe(200);
  expect(outside.proxy?.asked.slice(before)).toEqual([`${KNOWN}:${String(PORT)}`]);
});

test("routes connections by the address of the host that the port is for, and not that of the sidecar", async () => {
  const at = { address: caller().addresses.egress, port: LEDGER_PORT };
  const answer = await callTls(at, url(KNOWN, "https"), { ca: outside.ca });
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: KNOWN });
});

test("reaches a host with a block of addresses by its name, and by its port on the address of the sidecar", async () => {
  const called = "http://block.example.com:7001/";
  const at = { address: caller().addresses.egress, port: 7001 };
  const answers = await Promise.all([
    call(caller(), called),
    callThroughTunnel(caller(), called),
    callAddress(at, called),
  ]);
  for (const { body } of answers) {
    expect(JSON.parse(body)).toMatchObject({ standInFor: "the world" });
  }
});

test("begins TLS with the roots of a Secret that a rule for its own workload names", async () => {
  await mesh().write("credential.yaml", withCredential(outside.ca));
  const answer = await call(caller(), `http://${KNOWN}:8080/`);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: KNOWN });
});

test("looks up the hosts of a wildcard when they are called, and calls them on the port of the ServiceEntry", async () => {
  const called = { standInFor: "the world" };
  for (const host of [ONE, TWO]) {
    const answer = await call(caller(), `http://${host}:8000/`);
    expect(JSON.parse(answer.body)).toMatchObject({ ...called, authority: `${host}:8000` });
    expect(outside.dns?.asked).toContain(host);
  }
  // The port that a request names is not for it to choose.
  const at = { address: caller().addresses.egress, port: 8000 };
  const headers = { host: `${ONE}:9` };
  const answer = await callAddress(at, `http://${ONE}/`, { headers });
  expect(JSON.parse(answer.body)).toMatchObject({ ...called, authority: `${ONE}:9` });
});

test("calls no host of a wildcard that DNS does not know, or says to be on the link of the machine", async () => {
  expect((await call(caller(), "http://nobody.world.example:8000/")).status).toBe(503);
  expect((await call(caller(), `http://${METADATA}:8000/`)).status).toBe(503);
  const denied = await stats(caller(), "world.example_8000.dns_address_filter_out");
  expect([...denied.values()]).toEqual([expect.toSatisfy((count: number) => count > 0)]);
});

test("reaches the hosts of a wildcard by the server name of their TLS, and through a tunnel", async () => {
  const answers = [
    await callByServerName(ONE),
    await callThroughTunnel(caller(), url(ONE, "https"), { ca: outside.ca }),
  ];
  for (const answer of answers) {
    expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: ONE });
  }
  await expect(callByServerName("nobody.world.example")).rejects.toThrow();
});

test("begins TLS with the hosts of a wildcard, which have to be who was called", async () => {
  await mesh().writeForTest("world-tls.yaml", withTls(outside.rootsFile));
  const answer = await call(caller(), `http://${ONE}:8001/`);
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: ONE });
  // Its server is the same, which has no certificate for it.
  expect((await call(caller(), `http://${TWO}:8001/`)).status).toBe(503);
  const refused = await stats(caller(), ".world.example;.ssl.fail_verify_san");
  const ofPort = refused.get("cluster.outbound|8001||*.world.example;.ssl.fail_verify_san");
  expect(ofPort).toBeGreaterThan(0);
});

test("reaches the hosts of a wildcard by way of a gateway, which looks up no others", async () => {
  const answer = await call(caller(), `http://${TWO}:8002/`);
  expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world" });
  expect(forwardedBy(answer)).toContain("/ns/default/sa/caller");
  const { egress } = caller().addresses;
  const others = { address: egress, port: 8002 };
  expect((await callAddress(others, `http://${UNKNOWN}/`)).status).toBe(404);

  const passing = { address: egress, port: 8003 };
  const passed = await callTls(passing, `https://${ONE}:8003/`, { ca: outside.ca });
  expect(JSON.parse(passed.body)).toMatchObject({ standInFor: "the world", serverName: ONE });
});

test("looks up the hosts of a wildcard too whose callers know the addresses, which nobody captures", async () => {
  for (const host of ["en.open.example", "de.open.example"]) {
    const answer = await call(caller(), `http://${host}:8004/`);
    expect(JSON.parse(answer.body)).toMatchObject({
      standInFor: "the world",
      authority: `${host}:8004`,
    });
  }
  const host = "en.open.example";
  const answers = [
    await callByServerName(host),
    await callThroughTunnel(caller(), url(host, "https"), { ca: outside.ca }),
  ];
  for (const answer of answers) {
    expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: host });
  }
  const renamed = await call(caller(), "http://nobody.open.example:8004/renamed");
  expect(echoOf(renamed).authority).toBe(host);
});

test("leads hosts of a VirtualService that nobody registered where it says, by a tunnel as by their server names", async () => {
  const host = "other.far.example";
  const answers = [
    await callByServerName(host),
    await callThroughTunnel(caller(), url(host, "https"), { ca: outside.ca }),
  ];
  for (const answer of answers) {
    expect(JSON.parse(answer.body)).toMatchObject({ standInFor: "the world", serverName: host });
  }
  expect(outside.dns?.asked).not.toContain(host);
});

/** Whom the gateway says that it was called by. */
const forwardedBy = (answer: Answer): string | undefined =>
  (echoOf(answer) as Pick<Echo, "headers">).headers["x-forwarded-client-cert"];

test("explains where calls to the hosts of a wildcard go", async () => {
  const from = ["--from", "caller-0.default"];
  const { results } = await explanationOf(mesh(), `http://${ONE}:8000/`, ...from);
  expect(results).toMatchObject([{ share: 1, answeredBy: [ONE], flags: "-" }]);
});

test("sends no call on to itself, by its own address or a name of that", async () => {
  const { egress } = caller().addresses;
  NAMES[BACK] = egress;
  const made = async (): Promise<number> =>
    [...(await stats(caller(), "downstream_cx_total"))]
      .filter(([name]) => name.includes(egress))
      .reduce((all, [, count]) => all + count, 0);
  const before = await made();
  for (const host of [egress, BACK]) {
    expect((await call(caller(), `http://${host}:15007/`)).status).toBe(503);
    const port = 8000;
    expect((await callAddress({ address: egress, port }, `http://${host}:${port}/`)).status).toBe(
      503,
    );
    const tunnelled = callThroughTunnel(caller(), `http://${host}:${port}/`);
    await expect(tunnelled).rejects.toThrow("no tunnel");
  }
  expect((await made()) - before).toBeLessThan(20);
});

test("ends a call that has come by many proxies that passed it on, as one that comes back again and again", async () => {
  const passedOn = (times: number) =>
    call(caller(), url(UNKNOWN, "http"), {
      headers: { "cdn-loop": Array.from({ length: times }, () => "fairlead").join(", ") },
    });
  const { body } = await passedOn(7);
  const { headers } = JSON.parse(body) as Pick<Echo, "headers">;
  expect(headers["cdn-loop"]?.match(/fairlead/g)).toHaveLength(8);
  expect(await passedOn(8)).toMatchObject({ status: 508 });
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
  expect((await call(caller(), `http://${ONE}:8000/`)).status).toBe(200);
  expect((await call(caller(), `http://${ONE}:8009/`)).status).toBe(502);
  expect((await call(caller(), "http://de.open.example:8004/")).status).toBe(200);

  await mesh().remove("mesh-config.yaml");
  expect(JSON.parse((await plain()).body)).toMatchObject(called);
  expect(JSON.parse((await tunnelled(UNKNOWN)).body)).toMatchObject(called);
});

test("calls hosts that nobody registered by TLS where the mesh says so, but not within a tunnel", async () => {
  const policy = {
    mode: "ALLOW_ANY_DYNAMIC_DNS",
    tls: { mode: "SIMPLE", caCertificates: outside.rootsFile },
  };
  await mesh().writeForTest(
    "mesh-config.yaml",
    meshConfiguration({ outboundTrafficPolicy: policy }),
  );
  const called = { standInFor: "the world", serverName: UNKNOWN };
  expect(echoOf(await call(caller(), url(UNKNOWN, "http")))).toMatchObject(called);
  const tunnelled = await callThroughTunnel(caller(), url(UNKNOWN, "https"), { ca: outside.ca });
  expect(JSON.parse(tunnelled.body)).toMatchObject(called);
});
