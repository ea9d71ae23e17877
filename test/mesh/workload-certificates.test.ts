/** The certificates of workloads: how proxies get them, and that nobody notices when they are renewed. */
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { prepareNextRoot } from "../../src/ca/authority/slot-source.js";
import { certificatePem, certificatesOfPem } from "../../src/ca/certificate/pem.js";
import { readCertificate } from "../../src/ca/certificate/x509.js";
import type { PlacedPod } from "../../src/up/pods/pod-plan.js";
import {
  authorityTemplate,
  type MadeCertificate,
  makeCertificate,
} from "../unit/ca/make-certificate.js";
import { admin } from "./harness/admin.js";
import { failures, type Load, startLoad } from "./harness/load.js";
import { application, documents, meshConfiguration } from "./harness/manifests.js";
import type { Files } from "./harness/places.js";
import { type Answer, call, echoOf, keepAliveAgent } from "./harness/requests.js";
import { type ServedMesh, serveMesh } from "./harness/served-mesh.js";
import { startMesh } from "./harness/test-mesh.js";

/** Each request over mutual TLS of its own, so that it needs the certificates of the moment. */
const NEW_CONNECTIONS = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: called }
spec:
  host: called
  trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } }
`;

const FILES = {
  "apps.yaml": documents(application("caller"), application("called")),
  "new-connections.yaml": NEW_CONNECTIONS,
};
const PODS = ["caller-0", "called-0"];
const PROXIES = PODS.map((name) => `${name}.default`);
const IDENTITIES = [
  "spiffe://cluster.local/ns/default/sa/caller",
  "spiffe://cluster.local/ns/default/sa/called",
];
const SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
const TTL_MS = 5000;
const BOUND_MS = 60_000;

/** A certificate as Envoy's admin interface shows it. */
interface ShownCertificate {
  readonly serial_number: string;
  readonly expiration_time: string;
  readonly subject_alt_names: readonly object[];
}

/** The certificate with which a proxy speaks for its workload now. */
async function certificateOf(pod: PlacedPod): Promise<ShownCertificate> {
  const { certificates } = JSON.parse(await admin(pod, "/certs")) as {
    readonly certificates: readonly { readonly cert_chain: readonly ShownCertificate[] }[];
  };
  const [shown] = certificates.flatMap(({ cert_chain: chain }) => chain);
  if (shown === undefined) throw new Error(`${pod.name} has no certificate`);
  return shown;
}

function callCalled(mesh: ServedMesh): () => Promise<Answer> {
  const agent = keepAliveAgent();
  return () => call(mesh.pod("caller-0"), "http://called/", { agent });
}

async function loadCalled(mesh: ServedMesh): Promise<Load> {
  const send = callCalled(mesh);
  await expect.poll(() => send().catch(String), { timeout: 5000 }).toMatchObject({ status: 200 });
  const load = startLoad(4, send);
  onTestFinished(async () => {
    await load.stop();
  });
  return load;
}

/** The certificates that callers have shown, by their hashes. */
function shownTo(load: Load): ReadonlySet<string | undefined> {
  return new Set(
    load.outcomes.flatMap(({ answer }) => {
      if (answer?.status !== 200) return [];
      const client = echoOf(answer).headers["x-forwarded-client-cert"] ?? "";
      return /Hash=(\w+)/.exec(client)?.[1];
    }),
  );
}

/** Looks at the certificates of both proxies until each has had so many; resolves with those that had ended. */
async function renewals(mesh: ServedMesh, count: number): Promise<readonly ShownCertificate[]> {
  const serials = PODS.map(() => new Set<string>());
  const ended: ShownCertificate[] = [];
  const look = async (): Promise<number> => {
    for (const [i, name] of PODS.entries()) {
      const before = Date.now();
      const shown = await certificateOf(mesh.pod(name));
      if (Date.parse(shown.expiration_time) <= before) ended.push(shown);
      serials[i]?.add(shown.serial_number);
    }
    return Math.min(...serials.map(({ size }) => size));
  };
  await expect.poll(look, { timeout: BOUND_MS, interval: 200 }).toBeGreaterThanOrEqual(count);
  return ended;
}

test("proxies have certificates with their SPIFFE names by the stream that has all the rest", async () => {
  const mesh = await serveMesh(FILES);
  for (const [i, name] of PODS.entries()) {
    const pod = mesh.pod(name);
    const { subject_alt_names: names } = await certificateOf(pod);
    expect(names).toEqual([{ uri: IDENTITIES[i] }]);
    const dump = await admin(pod, "/config_dump?resource=dynamic_active_secrets");
    expect(JSON.parse(dump)).toMatchObject({
      configs: [{ name: "default" }, { name: "ROOTCA" }, { name: "join-token" }],
    });
    const clusters = await admin(pod, "/config_dump?resource=dynamic_active_clusters");
    expect(clusters.replaceAll(/\s/g, "")).toContain(
      '"tls_certificate_sds_secret_configs":[{"name":"default","sds_config":{"ads":{}',
    );
    const own = mesh.records.filter(({ proxy }) => proxy === PROXIES[i]);
    expect(own.filter(({ msg }) => msg === "proxy connected")).toHaveLength(1);
    expect(own.filter(({ typeUrl }) => typeUrl === SECRET)).toMatchObject([
      { msg: "sent resources", resources: 2 },
    ]);
  }
});

/** The files of an authority below a root, which says of itself what Istio's tools write. */
async function cacertsOf(root: MadeCertificate, subject: string): Promise<Files> {
  const usages = ["digitalSignature", "nonRepudiation", "keyEncipherment", "keyCertSign"] as const;
  const template = authorityTemplate({ subject, keyUsages: usages });
  const signing = await makeCertificate(template, root.issuer);
  return {
    "ca-cert.pem": signing.pem,
    "ca-key.pem": signing.keyPem,
    "root-cert.pem": root.pem,
    "cert-chain.pem": signing.pem + root.pem,
  };
}

/** Who signed the certificate with which a proxy speaks for its workload now. */
async function signerOf(pod: PlacedPod): Promise<string | undefined> {
  const dump = await admin(pod, "/config_dump?resource=dynamic_active_secrets&name_regex=default");
  const shown = /"certificate_chain":\s*\{\s*"inline_string":\s*("[^"]+")/.exec(dump)?.[1] ?? '""';
  const [leaf] = certificatesOfPem(JSON.parse(shown) as string);
  return leaf && readCertificate(leaf).issuer;
}

test("`fairlead up` has the authority that it is given sign for its workloads, and its proxies trust that one's root", async () => {
  const root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
  const cacertsDir = await mkdtemp(join(tmpdir(), "fairlead-cacerts-"));
  onTestFinished(() => rm(cacertsDir, { recursive: true }));
  for (const [name, text] of Object.entries(await cacertsOf(root, "CN=given"))) {
    await writeFile(join(cacertsDir, name), text, { mode: 0o600 });
  }
  const mesh = await startMesh(FILES, { cacertsDir });
  const pods = PODS.map((name) => mesh.pod(name));
  expect(await Promise.all(pods.map(signerOf))).toEqual(["CN=given", "CN=given"]);
  const serial = new X509Certificate(root.pem).serialNumber.toLowerCase();
  expect(await Promise.all(pods.map(trustedBy))).toEqual([[serial], [serial]]);
  const [caller] = pods;
  expect(caller && echoOf(await call(caller, "http://called/")).peer).toBe(
    "spiffe://cluster.local/ns/default/sa/caller",
  );
});

test("certificates are renewed before they end, by the intermediate that is given now, and no request fails", async () => {
  const root = await makeCertificate(authorityTemplate({ authority: { pathLength: 1 } }));
  const given = { directory: "" };
  const give = async (subject: string): Promise<void> => {
    for (const [name, text] of Object.entries(await cacertsOf(root, subject))) {
      await writeFile(join(given.directory, name), text, { mode: 0o600 });
    }
  };
  const mesh = await serveMesh(FILES, {
    workloadTtlMs: TTL_MS,
    serving: async ({ state }) => {
      given.directory = join(state, "..", "cacerts");
      await mkdir(given.directory);
      await give("CN=first");
      return { cacertsDir: given.directory };
    },
  });
  const signers = () => Promise.all(PODS.map((name) => signerOf(mesh.pod(name))));
  const load = await loadCalled(mesh);
  expect(await signers()).toEqual(["CN=first", "CN=first"]);
  await give("CN=second");
  expect(await renewals(mesh, 4)).toEqual([]);
  expect(await signers()).toEqual(["CN=second", "CN=second"]);
  await load.more(100);
  expect(failures(await load.stop())).toEqual([]);
  expect(shownTo(load).size).toBeGreaterThanOrEqual(4);
});

test("proxies that came back by their certificates go on with renewed ones, and no request fails", async () => {
  const mesh = await serveMesh(FILES, { workloadTtlMs: TTL_MS });
  const load = await loadCalled(mesh);
  await mesh.stop();
  await mesh.start();
  const before = mesh.records.length;
  expect(await renewals(mesh, 4)).toEqual([]);
  await load.more(100);
  expect(failures(await load.stop())).toEqual([]);
  const records = mesh.records.slice(before);
  const ended = records.filter(({ reason }) => reason?.includes("has expired") === true);
  expect(new Set(ended.map(({ proxy }) => proxy))).toEqual(new Set(PROXIES));
  const sent = records.filter(({ msg }) => msg === "sent resources");
  expect(new Set(sent.map(({ typeUrl, resources }) => `${resources} ${typeUrl}`))).toEqual(
    new Set([`1 ${SECRET}`]),
  );
  expect(records.filter(({ msg }) => msg === "refused a proxy")).toEqual([]);
});

/** The subjects of the roots that a proxy trusts now, by their serial numbers. */
async function trustedBy(pod: PlacedPod): Promise<readonly string[]> {
  const { certificates } = JSON.parse(await admin(pod, "/certs")) as {
    readonly certificates: readonly { readonly ca_cert: readonly ShownCertificate[] }[];
  };
  const serials = certificates.flatMap(({ ca_cert: roots }) =>
    roots.map((root) => root.serial_number),
  );
  return [...new Set(serials)].sort();
}

test("a root gives way to the next under load: trusted everywhere, then signing, then alone", async () => {
  const mesh = await serveMesh(FILES, { workloadTtlMs: TTL_MS });
  const rootsNow = (): readonly string[] =>
    certificatesOfPem(mesh.controlPlane().rootCertificates).map(certificatePem);
  const load = await loadCalled(mesh);
  const [first] = rootsNow();
  expect(await prepareNextRoot(mesh.state, Date.now)).toBe(true);
  await expect.poll(rootsNow, { timeout: 5000 }).toHaveLength(2);
  const [, second] = rootsNow();
  await expect.poll(rootsNow, { timeout: BOUND_MS, interval: 200 }).toEqual([second]);
  expect(second).not.toBe(first);

  const serial = new X509Certificate(second ?? "").serialNumber.toLowerCase();
  for (const name of PODS) {
    await expect.poll(() => trustedBy(mesh.pod(name)), { timeout: 5000 }).toContain(serial);
  }
  await load.more(100);
  expect(failures(await load.stop())).toEqual([]);
  const statuses = mesh.records.flatMap(({ proxies }) => proxies ?? []);
  // Once all had answered it went on at once, so nobody is told of that.
  expect(statuses).toContainEqual({ trusting: 0, unseen: 0, waiting: [...PROXIES].sort() });
});

/** Lets the caller alone call, by its name in the former trust domain. */
const BY_FORMER_NAME = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: called }
spec:
  selector: { matchLabels: { app: called } }
  rules: [{ from: [{ source: { principals: [former/ns/default/sa/caller] } }] }]
`;

const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
`;

/** The names in the certificates of both proxies. */
async function namesOf(mesh: ServedMesh): Promise<readonly object[]> {
  const shown = await Promise.all(PODS.map((name) => certificateOf(mesh.pod(name))));
  return shown.flatMap(({ subject_alt_names: names }) => names);
}

const inDomain = (domain: string): readonly object[] =>
  ["caller", "called"].map((account) => ({ uri: `spiffe://${domain}/ns/default/sa/${account}` }));

test("a mesh takes another trust domain, of which the former one is an alias, and no request fails", async () => {
  const mesh = await serveMesh({
    ...FILES,
    "config.yaml": meshConfiguration({ trustDomain: "former" }),
    "policy.yaml": documents(BY_FORMER_NAME, STRICT),
  });
  const load = await loadCalled(mesh);
  const changed = { trustDomain: "later", trustDomainAliases: ["former"] };
  await mesh.write("config.yaml", meshConfiguration(changed));
  await load.more(100);
  // Certificates follow when the control plane is started again, which is said.
  expect(await namesOf(mesh)).toEqual(inDomain("former"));
  await mesh.stop();
  await mesh.start();
  await expect.poll(() => namesOf(mesh), { timeout: 10_000 }).toEqual(inDomain("later"));
  await load.more(100);
  expect(failures(await load.stop())).toEqual([]);
  const { peer } = echoOf(await callCalled(mesh)());
  expect(peer).toBe("spiffe://later/ns/default/sa/caller");
});

const BYTES = `
apiVersion: v1
kind: Service
metadata: { name: bytes }
spec: { selector: { app: called }, ports: [{ name: tcp, port: 9000, targetPort: 9090 }] }
`;

test("a connection goes on while the certificates are renewed by which it was made, and over a restart", async () => {
  // So long that none ends while the control plane is away.
  const mesh = await serveMesh({ ...FILES, "bytes.yaml": BYTES }, { workloadTtlMs: 2 * TTL_MS });
  const socket = connect({ host: mesh.pod("caller-0").addresses.egress, port: 9000 });
  onTestFinished(() => {
    socket.destroy();
  });
  const echoed: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => echoed.push(bytes));
  const say = async (text: string): Promise<void> => {
    socket.write(text);
    await expect.poll(() => Buffer.concat(echoed).toString()).toContain(text);
  };
  await say("before");
  expect(await renewals(mesh, 2)).toEqual([]);
  await say(" meanwhile");
  await mesh.stop();
  await mesh.start();
  expect(await renewals(mesh, 2)).toEqual([]);
  await say(" afterwards");
  expect(Buffer.concat(echoed).toString()).toBe("before meanwhile afterwards");
});
