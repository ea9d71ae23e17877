/** The control plane is stopped and started again, on its state, while requests go on. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openCertificates } from "./harness/certificates.js";
import { failures, type Load, startLoad } from "./harness/load.js";
import { application, documents } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call, callTls, echoOf, keepAliveAgent } from "./harness/requests.js";
import { type LogRecord, type ServedMesh, serveMesh } from "./harness/served-mesh.js";

const GATEWAY = `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: https, port: 443, targetPort: 8443 }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: 443, name: https, protocol: HTTPS }
    tls: { mode: SIMPLE, credentialName: app-tls }
    hosts: [app.example.com]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: from-outside }
spec:
  hosts: [app.example.com]
  gateways: [istio-system/gateway]
  http: [{ route: [{ destination: { host: called } }] }]
`;

const FROM_INSIDE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: from-inside }
spec:
  hosts: [called]
  http:
  - route: [{ destination: { host: called } }]
    headers: { request: { set: { x-edition: "first" } } }
`;

const PROXIES = [
  "called-0.default",
  "caller-0.default",
  "istio-ingressgateway-0.istio-system",
] as const;

const HOSTS = "type.googleapis.com/envoy.config.route.v3.VirtualHost";

const certificates = await openCertificates();
const appTls = await certificates.certificateFor(["app.example.com"]);

async function startMesh(): Promise<ServedMesh> {
  const files = {
    "apps.yaml": documents(application("caller"), application("called", { replicas: 1 })),
    "gateway.yaml": GATEWAY,
    "from-inside.yaml": FROM_INSIDE,
  };
  const { certificate, key } = appTls;
  return serveMesh(files, {
    secrets: {
      "istio-system/app-tls/tls.crt": certificate,
      "istio-system/app-tls/tls.key": key,
    },
  });
}

/** Calls from inside, over connections that are kept and over new ones, and from outside. */
async function loadAll(mesh: ServedMesh): Promise<Load> {
  const agent = keepAliveAgent();
  const caller = mesh.pod("caller-0");
  const gateway = { address: mesh.gateway().addresses.pod, port: 8443 };
  const ways = [
    () => call(caller, "http://called/", { agent }),
    () => call(caller, "http://called/"),
    () => callTls(gateway, "https://app.example.com/", { ca: appTls.root }),
  ];
  for (const way of ways) {
    await expect.poll(() => way().catch(String), { timeout: 5000 }).toMatchObject({ status: 200 });
  }
  let next = 0;
  const load = startLoad(6, () => {
    next = (next + 1) % ways.length;
    return ways[next]!();
  });
  onTestFinished(async () => {
    await load.stop();
  });
  return load;
}

/** Which proxies were sent what: one text for each response. */
function sent(records: readonly LogRecord[]): readonly string[] {
  return records
    .filter(({ msg }) => msg === "sent resources")
    .map(
      ({ proxy, typeUrl, resources, removed }) =>
        `${proxy}: ${resources} ${typeUrl}, ${removed} removed`,
    )
    .sort();
}

function connected(records: readonly LogRecord[]): readonly string[] {
  return records
    .filter(({ msg }) => msg === "proxy connected")
    .map(({ proxy }) => String(proxy))
    .sort();
}

test("a control plane that comes back sends its proxies nothing, and no request fails", async () => {
  const mesh = await startMesh();
  const load = await loadAll(mesh);
  await load.more(100);
  const before = mesh.records.length;
  await mesh.stop();
  await load.more(300);
  await mesh.start();
  await load.more(300);
  expect(failures(await load.stop())).toEqual([]);
  // What is sent because of an edit comes behind all that was due before it.
  const back = mesh.records.length;
  await mesh.edit("from-inside.yaml", (text) => text.replace("first", "second"));
  expect(connected(mesh.records.slice(before))).toEqual(PROXIES);
  expect(sent(mesh.records.slice(before, back))).toEqual([]);
  expect(sent(mesh.records.slice(back))).toEqual([
    `called-0.default: 2 ${HOSTS}, 0 removed`,
    `caller-0.default: 2 ${HOSTS}, 0 removed`,
  ]);
});

test("proxies are sent the one thing that was edited meanwhile, and no request fails", async () => {
  const mesh = await startMesh();
  const load = await loadAll(mesh);
  const caller = mesh.pod("caller-0");
  const edition = async (): Promise<string | undefined> =>
    echoOf(await call(caller, "http://called/")).headers["x-edition"];
  expect(await edition()).toBe("first");
  await load.more(100);
  const before = mesh.records.length;
  await mesh.stop();
  await writeAtOnce(
    join(mesh.directory, "from-inside.yaml"),
    FROM_INSIDE.replace("first", "second"),
  );
  await load.more(300);
  expect(await edition()).toBe("first");
  await mesh.start();
  await expect.poll(edition).toBe("second");
  await load.more(300);
  expect(failures(await load.stop())).toEqual([]);
  expect(connected(mesh.records.slice(before))).toEqual(PROXIES);
  expect(sent(mesh.records.slice(before))).toEqual([
    `called-0.default: 2 ${HOSTS}, 0 removed`,
    `caller-0.default: 2 ${HOSTS}, 0 removed`,
  ]);
});
