/** Who says how an application is, and what follows from it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { expect, test, vi } from "vitest";
import { openAuthority } from "../../../src/ca/authority/authority.js";
import { TYPE_URL } from "../../../src/xds/resource.js";
import { type AdsClientOptions, openAds } from "./ads-client.js";
import { BILLING, watchEndpoints } from "./billing.js";
import { openHealth } from "./health-client.js";
import { type Started, start } from "./start.js";

vi.setConfig({ testTimeout: 60_000 });

const group = (probe: string): string => `${BILLING}---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: vms }
spec:
  template: { serviceAccount: payments, labels: { app: billing } }
  ${probe}
`;

/** Another endpoint, whose address begins with that of the clients. */
const ENTRY = `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: other }
spec: { address: 127.0.0.12, labels: { app: billing } }
`;

const PROBE = "probe: { tcpSocket: { port: 8080 } }";
const HEALTH = "type.googleapis.com/istio.v1.HealthInformation";
const SOON = { timeout: 20_000 };

/** Identifies a proxy of the group. */
async function member({ overTls, state }: Started) {
  const authority = await openAuthority({ stateDirectory: state, now: Date.now });
  const identity = {
    trustDomain: "cluster.local",
    namespace: "default",
    serviceAccount: "payments",
  };
  return {
    ...overTls,
    certificate: await authority.issueWorkload(identity),
    ...{ serviceAccount: "payments", name: "vm-1", metadata: { AUTO_REGISTER_GROUP: "vms" } },
  } satisfies AdsClientOptions;
}

test("the log tells of a proxy that is of no such group as it names", async () => {
  const started = await start(group(PROBE));
  const stranger = { ...(await member(started)), metadata: { AUTO_REGISTER_GROUP: "wms" } };
  await openAds(stranger).ask(TYPE_URL.cluster);
  const line = expect.stringContaining("there is no WorkloadGroup wms in namespace default");
  expect(started.log).toContainEqual(line);
});

test("a workload with a probe is called once its proxy says that it is healthy, and as long", async () => {
  const started = await start(group(PROBE));
  const options = await member(started);
  const counts = await watchEndpoints(started);
  await openAds(options).ask(TYPE_URL.cluster);
  const health = openHealth(options);
  health.knock();
  await expect.poll(() => health.told, SOON).toHaveLength(1);
  expect(health.told[0]).toMatchObject({
    clusterHealthChecks: [
      { clusterName: "workload-probe", healthChecks: [{ tcpHealthCheck: {} }] },
    ],
  });
  health.report("UNHEALTHY");
  health.report("HEALTHY", "another cluster");
  health.report("HEALTHY");
  await expect.poll(() => counts, SOON).toEqual([0, 1]);
  health.report("TIMEOUT");
  await expect.poll(() => counts, SOON).toEqual([0, 1, 0]);
});

test("who checks is told when there is another probe, and when there is none", async () => {
  const started = await start(group(""));
  const file = join(started.config, "mesh.yaml");
  const options = await member(started);
  const health = openHealth(options);
  health.knock();
  const counts = await watchEndpoints(started);
  await openAds(options).ask(TYPE_URL.cluster);
  await expect.poll(() => counts, SOON).toEqual([0, 1]);
  await writeFile(file, group(PROBE));
  await expect.poll(() => health.told, SOON).toHaveLength(1);
  await expect.poll(() => counts, SOON).toEqual([0, 1, 0]);
  await writeFile(file, group("probe: { exec: { command: [ready] } }"));
  await expect.poll(() => health.told, SOON).toHaveLength(2);
  expect(health.told[1]).not.toHaveProperty("clusterHealthChecks");
  await expect.poll(() => counts, SOON).toEqual([0, 1, 0, 1]);
});

test("an agent says it on the stream of discovery, after it has asked for something", async () => {
  const started = await start(group(PROBE));
  const counts = await watchEndpoints(started);
  const agent = openAds(await member(started));
  agent.tell(HEALTH);
  await agent.ask(TYPE_URL.cluster);
  agent.tell(HEALTH);
  await expect.poll(() => counts, SOON).toEqual([0, 1]);
  agent.tell(HEALTH, "the page says 500");
  await expect.poll(() => counts, SOON).toEqual([0, 1, 0]);
  await agent.ask(TYPE_URL.listener);
});

test("nothing is heard of an agent that has not proved who it is", async () => {
  const started = await start(group(PROBE));
  const counts = await watchEndpoints(started);
  const agent = openAds(await member(started));
  await agent.ask(TYPE_URL.cluster);
  agent.tell(HEALTH);
  await expect.poll(() => counts, SOON).toEqual([0, 1]);
  const { certificate: _, roots: __, ...claimed } = await member(started);
  const liar = openAds({ ...claimed, port: started.controlPlane.plaintextPort });
  await liar.ask(TYPE_URL.cluster);
  liar.tell(HEALTH, "it is down");
  await liar.ask(TYPE_URL.listener);
  await writeFile(join(started.config, "entry.yaml"), ENTRY);
  await expect.poll(() => counts.length, SOON).toBe(3);
  expect(counts).toEqual([0, 1, 2]);
});

test("only who proves to be the proxy is told what to check", async () => {
  const started = await start(group(PROBE));
  const { certificate: _, roots: __, ...claimed } = await member(started);
  const unproved = openHealth({ ...claimed, port: started.controlPlane.plaintextPort });
  unproved.knock();
  expect(await unproved.ended).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: expect.stringContaining("over TLS alone") as string,
  });
  const other = openHealth({ ...(await member(started)), serviceAccount: "other" });
  other.knock();
  expect(await other.ended).toMatchObject({ code: status.PERMISSION_DENIED });
  const guessed = openHealth({ ...claimed, ...started.overTls, token: "a guess" });
  guessed.knock();
  expect(await guessed.ended).toMatchObject({ code: status.UNAUTHENTICATED });
  const nameless = openHealth(await member(started));
  nameless.report("HEALTHY");
  expect(await nameless.ended).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: "missing node information",
  });
});

test("what is longer than any report is not read", async () => {
  const health = openHealth(await member(await start(group(PROBE))));
  health.knock();
  await expect.poll(() => health.told, SOON).toHaveLength(1);
  health.report("HEALTHY", "x".repeat(300_000));
  expect(await health.ended).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining("at most 262144 are read") as string,
  });
});
