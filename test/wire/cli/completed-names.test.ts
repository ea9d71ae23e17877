/** Names of resources on a command line, completed by a control plane that runs. */
import { expect, test, vi } from "vitest";
import { run } from "../../unit/cli/run.js";
import { start } from "../app/start.js";

vi.setConfig({ testTimeout: 30_000 });

const SPEC = {
  http: [{ route: [{ destination: { host: "payments.mynamespace.svc.cluster.local" } }] }],
};

const named = (kind: string, name: string, namespace: string): object => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  metadata: { name, namespace },
});

const MESH = [
  { ...named("VirtualService", "payments", "default"), spec: { ...SPEC, hosts: ["a"] } },
  { ...named("VirtualService", "edge", "istio-system"), spec: { ...SPEC, hosts: ["b"] } },
  {
    ...named("ServiceEntry", "www.example.com", "default"),
    spec: { hosts: ["www.example.com"], ports: [{ number: 80, name: "http" }], resolution: "DNS" },
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "mynamespace" } },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "payments", namespace: "mynamespace" },
    spec: { ports: [{ name: "http", port: 80 }] },
  },
];

test("they are those in force of the kind that is named before, each as the command takes it", async () => {
  const { state } = await start(MESH.map((one) => JSON.stringify(one)).join("\n---\n"));
  const complete = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await run(["__complete", ...words])).stdout.split("\t\n").slice(0, -1);
  const wait = ["wait", "--state", state];
  expect(await complete(...wait, "vs", "")).toEqual(["payments.default", "edge.istio-system"]);
  expect(await complete(...wait, "virtualservices", "ed")).toEqual(["edge.istio-system"]);
  expect(await complete(...wait, "vs", "-n", "istio-system", "")).toEqual(["edge"]);
  expect(await complete(...wait, "vs", "-n", "nowhere", "")).toEqual([]);
  expect(await complete(...wait, "ns", "-n", "default", "")).toEqual(["mynamespace"]);
  expect(await complete(...wait, "se", "-n", "default", "")).toEqual(["www.example.com.default"]);
  expect(await complete(...wait, "vx", "")).toEqual([]);
  expect(await complete("describe", "service", "--state", state, "pay")).toEqual([
    "payments.mynamespace",
  ]);
});
