/** Whom workloads trust beside those whom their own authority signed, and whom no more; with keys of RSA. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  type Authority,
  type IssuedCertificate,
  openAuthority,
} from "../../src/ca/authority/authority.js";
import { revocationListOf } from "../unit/ca/make-revocation-list.js";
import { application, documents, namespace } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call, callMutualTls, type Echo, echoOf } from "./harness/requests.js";
import { shareServedMesh } from "./harness/served-mesh.js";

const CALLER = { namespace: "default", serviceAccount: "caller" };
const URL = "http://called/";
const places = { bundles: "", lists: "" };

const mesh = shareServedMesh(
  {
    "apps.yaml": documents(
      namespace("default", "enabled"),
      application("caller"),
      application("called"),
      `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }
`,
    ),
  },
  {
    serving: async ({ state }) => {
      const root = join(state, "..");
      places.bundles = join(root, "bundles");
      places.lists = join(root, "lists.pem");
      await mkdir(places.bundles);
      await mkdir(state, { mode: 0o700 });
      await openAuthority({ stateDirectory: state, now: Date.now });
      await writeAtOnce(places.lists, await revocationListOf(state, []));
      return {
        trustBundlesDir: places.bundles,
        crlFile: places.lists,
        workloadKeyType: "RSA-2048",
      };
    },
  },
);

async function partnerAuthority(): Promise<Authority> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "fairlead-partner-"));
  onTestFinished(() => rm(stateDirectory, { recursive: true, force: true }));
  return openAuthority({ stateDirectory, trustDomain: "partner.example", now: Date.now });
}

/** Straight to the inbound port of the called sidecar, on a connection of its own. */
async function callWith(certificate: IssuedCertificate): Promise<Echo> {
  const at = { address: mesh().pod("called-0").addresses.pod, port: 8080 };
  return echoOf(await callMutualTls(at, URL, { certificate }));
}

async function untilLetIn(certificate: IssuedCertificate): Promise<Echo> {
  return vi.waitFor(() => callWith(certificate), { timeout: 10_000, interval: 50 });
}

async function untilRefused(certificate: IssuedCertificate): Promise<void> {
  await vi.waitFor(() => expect(callWith(certificate)).rejects.toThrow(), {
    timeout: 10_000,
    interval: 50,
  });
}

test("a workload of another trust domain gets in while the bundle of that domain is there, and only by its own name", async () => {
  const partner = await partnerAuthority();
  const bundle = join(places.bundles, "partner.example.pem");
  const foreign = await partner.issueWorkload({ trustDomain: "partner.example", ...CALLER });
  const forged = await partner.issueWorkload({ trustDomain: "cluster.local", ...CALLER });
  await expect(callWith(foreign)).rejects.toThrow();

  await writeAtOnce(bundle, partner.roots.join(""));
  const { peer } = await untilLetIn(foreign);
  expect(peer).toBe("spiffe://partner.example/ns/default/sa/caller");
  await expect(callWith(forged)).rejects.toThrow();
  const own = echoOf(await call(mesh().pod("caller-0"), URL));
  expect(own.peer).toBe("spiffe://cluster.local/ns/default/sa/caller");

  await rm(bundle);
  await untilRefused(foreign);
});

test("a certificate is refused from when it is on the revocation list, and others go on", async () => {
  const { state } = mesh();
  const authority = await openAuthority({ stateDirectory: state, now: Date.now });
  const identity = { trustDomain: "cluster.local", ...CALLER };
  const stolen = await authority.issueWorkload(identity);
  expect((await callWith(stolen)).peer).toBe("spiffe://cluster.local/ns/default/sa/caller");

  await writeAtOnce(places.lists, await revocationListOf(state, [stolen.chain]));
  await untilRefused(stolen);
  await callWith(await authority.issueWorkload(identity));
  expect((await call(mesh().pod("caller-0"), URL)).status).toBe(200);
});

test("a revoked certificate is refused while other trust domains are trusted too", async () => {
  const { state } = mesh();
  const authority = await openAuthority({ stateDirectory: state, now: Date.now });
  const partner = await partnerAuthority();
  const stolen = await authority.issueWorkload({ trustDomain: "cluster.local", ...CALLER });
  await writeAtOnce(join(places.bundles, "partner.example.pem"), partner.roots.join(""));
  await untilLetIn(await partner.issueWorkload({ trustDomain: "partner.example", ...CALLER }));
  await callWith(stolen);

  await writeAtOnce(places.lists, await revocationListOf(state, [stolen.chain]));
  await untilRefused(stolen);
  await callWith(await authority.issueWorkload({ trustDomain: "cluster.local", ...CALLER }));
});

test("a certificate that limits labels is good for calls", async () => {
  const authority = await openAuthority({ stateDirectory: mesh().state, now: Date.now });
  const identity = { trustDomain: "cluster.local", ...CALLER, labels: { app: "caller" } };
  const { peer } = await callWith(await authority.issueWorkload(identity));
  expect(peer).toBe("spiffe://cluster.local/ns/default/sa/caller");
});

test("workloads have keys of RSA where they are asked for", async () => {
  const at = { address: mesh().pod("called-0").addresses.pod, port: 8080 };
  const authority = await openAuthority({ stateDirectory: mesh().state, now: Date.now });
  const certificate = await authority.issueWorkload({ trustDomain: "cluster.local", ...CALLER });
  const answer = await callMutualTls(at, URL, { certificate });
  expect(answer.certificate).toMatchObject({ bits: 2048, modulus: expect.any(String) as string });
});
