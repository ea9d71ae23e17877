/** What a control plane knows after it was stopped and started again on the same state. */

import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseNode } from "../../../src/mesh/proxy/proxy.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { openAds } from "./ads-client.js";
import { joinToken } from "./join-token.js";
import { makePlace, startAt } from "./place.js";

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: payments}
spec: {selector: {app: payments}, ports: [{port: 80}]}
`;

test("still serves what was good before a file broke, also when it broke while nobody served", async () => {
  const place = await makePlace();
  const file = join(place.config, "payments.yaml");
  await writeFile(file, SERVICE);
  const first = await startAt(place);
  expect(first.snapshot().tables.Service.has("default/payments")).toBe(true);
  await first.close();

  await writeFile(file, SERVICE.replace("spec: {", "spec: ]{"));
  const second = await startAt(place);
  expect(second.snapshot().tables.Service.has("default/payments")).toBe(true);
  expect(second.snapshot().diagnostics).toMatchObject([
    { severity: "error", position: { file, line: 4 } },
  ]);
});

test("keeps its root over a restart, for its owner alone", async () => {
  const place = await makePlace();
  const first = await startAt(place);
  await first.close();
  const second = await startAt(place);
  expect(second.rootCertificates).toBe(first.rootCertificates);
  // Nothing is written from here on.
  await second.close();

  const all = await readdir(place.state, { recursive: true, withFileTypes: true });
  const modes = await Promise.all(
    all.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mode & 0o077),
  );
  expect(modes.length).toBeGreaterThan(0);
  expect(modes.every((mode) => mode === 0)).toBe(true);
});

test("knows the proxies of a large mesh, which have a while to come back", async () => {
  const place = await makePlace();
  await writeFile(join(place.config, "payments.yaml"), SERVICE);
  await (await startAt(place)).close();
  const proxies = Array.from({ length: 3000 }, (_, index) =>
    parseNode({
      id: `sidecar~10.0.${String(index >> 8)}.${String(index & 255)}~p${String(index)}.default~default.svc.cluster.local`,
      metadata: { LABELS: { app: "payments" } },
      locality: { region: "", zone: "", subZone: "" },
    }),
  );
  const text = JSON.stringify(proxies);
  expect(text.length).toBeGreaterThan(1024 * 1024);
  await writeFile(join(place.state, "proxies.json"), text, { mode: 0o600 });

  const second = await startAt(place);
  const client = openAds({ port: second.plaintextPort });
  const { bodies } = await client.ask(TYPE_URL.endpoint, [
    "outbound|80||payments.default.svc.cluster.local",
  ]);
  expect(Buffer.from(bodies[0]!).includes("10.0.11.183")).toBe(true);
});

test("takes a token that was made while it was stopped", async () => {
  const place = await makePlace();
  const first = await startAt(place);
  const token = await joinToken(first);
  await first.close();
  const second = await startAt(place);
  const client = openAds({
    port: second.tlsPort,
    roots: second.rootCertificates,
    token,
  });
  expect((await client.ask(TYPE_URL.cluster)).names).toContain("BlackHoleCluster");
});
