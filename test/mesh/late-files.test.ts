/** Files of a proxy's machine that come, or come to be in order, after the proxy was told of them. */
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { revocationListOf } from "../unit/ca/make-revocation-list.js";
import { run } from "../unit/cli/run.js";
import { minimalPlugin } from "../wasm/wat-module.js";
import { openCertificates } from "./harness/certificates.js";
import { application, documents, httpsGateway, tlsOfTheirOwn } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { call, callTls } from "./harness/requests.js";
import { type ServedMesh, serveMesh } from "./harness/served-mesh.js";

const certificates = await openCertificates();
const SERVER = await certificates.certificateFor(["app.example.com"]);
const CLIENT = await certificates.certificateFor(["client.example.com"]);
const LIST = await revocationListOf(dirname(certificates.rootFile), []);
const MODULE = await minimalPlugin();

const root = await mkdtemp(join(tmpdir(), "fairlead-late-"));
afterAll(() => rm(root, { recursive: true }));

/** How soon something is in force again once its files are there: in time to spare for what is sent again ever more rarely. */
const HEALED = { timeout: 20_000, interval: 100 };

/** TLS whose files are in a folder, and a module there. */
const meshOf = (folder: string) => {
  const file = (name: string): string => join(folder, name);
  const pair = (name: string): string =>
    `serverCertificate: ${file(`${name}.crt`)}, privateKey: ${file(`${name}.key`)}`;
  const gateway = httpsGateway(`
  - port: { number: 443, name: https, protocol: HTTPS }
    hosts: [app.example.com]
    tls: { mode: SIMPLE, ${pair("gateway")} }`);
  const tls = tlsOfTheirOwn(
    `${pair("sidecar")}, caCertificates: ${file("clients.crt")}, caCrl: ${file("clients.crl")}`,
    `clientCertificate: ${file("client.crt")}, privateKey: ${file("client.key")}, caCertificates: ${file("roots.crt")}, sni: app.example.com`,
  );
  const plugin = `
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: mark }
spec:
  selector: { matchLabels: { app: my-service } }
  match: [{ mode: SERVER }]
  url: "file://${file("module.wasm")}"
  pluginConfig: { level: 3 }
`;
  const apps = ["my-service", "called", "caller"].map((name) => application(name));
  return {
    "apps.yaml": documents(...apps),
    "gateway.yaml": gateway,
    "rest.yaml": documents(tls, plugin),
  };
};

async function place(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const file = join(folder, name);
  await writeAtOnce(file, "");
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function placeAll(folder: string): Promise<void> {
  for (const name of ["gateway", "sidecar"]) {
    await place(folder, `${name}.crt`, SERVER.certificate);
    await place(folder, `${name}.key`, SERVER.key);
  }
  await place(folder, "client.crt", CLIENT.certificate);
  await place(folder, "client.key", CLIENT.key);
  await place(folder, "clients.crt", SERVER.root);
  await place(folder, "clients.crl", LIST);
  await place(folder, "roots.crt", SERVER.root);
  await place(folder, "module.wasm", MODULE);
}

const refusals = (mesh: ServedMesh) =>
  mesh
    .controlPlane()
    .diagnostics()
    .filter(({ code }) => code === "refused-by-proxy");

/** From outside by the gateway's certificate, through the module; and by mutual TLS between two sidecars. */
async function outcomes(mesh: ServedMesh): Promise<readonly unknown[]> {
  const at = { address: mesh.gateway().addresses.pod, port: 8443 };
  const outside = await callTls(at, "https://app.example.com/", { ca: SERVER.root }).then(
    ({ status, headers }) => [status, headers["x-plugin"]],
    () => "no TLS",
  );
  return [outside, (await call(mesh.pod("caller-0"), "http://called/")).status];
}

describe.each(["delta", "state-of-the-world"] as const)("by %s", (protocol) => {
  test("a proxy takes files that come later, with their folder too, and until then it is told what it waits for", async () => {
    const folder = join(root, protocol, "later");
    const mesh = await serveMesh(meshOf(folder), { protocol });
    expect(await outcomes(mesh)).toEqual(["no TLS", 503]);
    await vi.waitFor(() => {
      expect(refusals(mesh).map(({ resource }) => resource)).toEqual(
        expect.arrayContaining([
          "DestinationRule called.default",
          "Gateway my-gateway.istio-system",
          "Sidecar called.default",
          "WasmPlugin mark.default",
        ]),
      );
    }, HEALED);
    const told = refusals(mesh).map(({ message }) => message);
    for (const name of ["client.crt", "gateway.crt", "clients.crl", "module.wasm"]) {
      expect(told).toContainEqual(
        expect.stringMatching(
          new RegExp(`sent again from time to time until it takes it, .*${join(folder, name)}`),
        ),
      );
    }
    const status = await run(["proxy-status", "--state", mesh.state]);
    expect(status.stdout).toContain(`files of the proxy's machine: ${join(folder, "module.wasm")}`);

    await placeAll(folder);
    await vi.waitFor(async () => {
      expect(await outcomes(mesh)).toEqual([[200, "minimal"], 200]);
    }, HEALED);
    await vi.waitFor(() => {
      expect(refusals(mesh)).toEqual([]);
    }, HEALED);
    expect((await run(["wait", "--state", mesh.state])).code).toBe(0);
  });

  test("a proxy goes on with what it has while the files of what replaces it are missing or broken", async () => {
    const [good, bad] = [join(root, protocol, "good"), join(root, protocol, "bad")];
    await placeAll(good);
    const mesh = await serveMesh(meshOf(good), { protocol });
    const inForce = [[200, "minimal"], 200];
    await vi.waitFor(async () => {
      expect(await outcomes(mesh)).toEqual(inForce);
    }, HEALED);
    await place(bad, "module.wasm", "this is no module");
    const text = await readFile(join(mesh.directory, "rest.yaml"), "utf8");
    await mesh.write(
      "rest.yaml",
      text.replace(join(good, "module.wasm"), join(bad, "module.wasm")),
    );
    const sendings = (): number =>
      mesh.records.filter(({ msg }) => msg === "proxy refused resources").length;
    await vi.waitFor(() => {
      expect(refusals(mesh)).toHaveLength(1);
    }, HEALED);
    expect(await outcomes(mesh)).toEqual(inForce);
    // Told once, however often it is sent again.
    expect(sendings()).toBe(1);
    await place(bad, "module.wasm", MODULE);
    await vi.waitFor(() => {
      expect(refusals(mesh)).toEqual([]);
    }, HEALED);
    expect(await outcomes(mesh)).toEqual(inForce);
  });
});
