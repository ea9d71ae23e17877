/** Where requests go by the policies of DestinationRules: by place, through routes of others, to the selected pods. */
import { expect, test } from "vitest";
import { documents } from "./harness/manifests.js";
import { type Answer, call } from "./harness/requests.js";
import { shareMesh } from "./harness/test-mesh.js";

/** A Deployment of one pod, `NAME-0`, with these labels. */
const deployment = (name: string, labels: Readonly<Record<string, string>>): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: ${JSON.stringify(labels)} }
  template:
    metadata: { labels: ${JSON.stringify(labels)} }
    spec:
      serviceAccountName: ${name}
      containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }]
`;

const service = (name: string, app: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${app} }
  ports: [{ name: http, port: 80, targetPort: 8080 }]
`;

const PLACES = documents(
  deployment("caller", { app: "caller", "istio-locality": "us.east.1" }),
  deployment("near", { app: "placed", "istio-locality": "us.east.1" }),
  deployment("next", { app: "placed", "istio-locality": "us.west.1" }),
  deployment("far", { app: "placed", "istio-locality": "eu.west.1" }),
  service("nearest", "placed"),
  service("spread", "placed"),
  `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: nearest }
spec:
  host: nearest
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 1, interval: 0.1s, baseEjectionTime: 300s, maxEjectionPercent: 100 }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: nearest }
spec:
  hosts: [nearest]
  http: [{ retries: { attempts: 0 }, route: [{ destination: { host: nearest } }] }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: spread }
spec:
  host: spread
  trafficPolicy:
    loadBalancer:
      localityLbSetting: { distribute: [{ from: us/east/*, to: { us/*: 20, eu/west/1: 80 } }] }
`,
);

const mesh = shareMesh({ "places.yaml": PLACES });

const ask = (url: string): Promise<Answer> => call(mesh().pod("caller-0"), url);
const podOf = async (url: string): Promise<string> =>
  String((await ask(url)).headers["x-echo-pod"]);

/** How many of so many requests each pod answered. */
async function answersOf(url: string, count: number): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const pod = await podOf(url);
    counts[pod] = (counts[pod] ?? 0) + 1;
  }
  return counts;
}

test("requests stay in the caller's place, and go to the next nearest one when it fails", async () => {
  expect(await answersOf("http://nearest/", 20)).toEqual({ "near-0": 20 });
  expect((await ask("http://nearest/status/500")).status).toBe(500);
  await expect.poll(() => podOf("http://nearest/"), { timeout: 5000, interval: 10 }).toBe("next-0");
  expect(await answersOf("http://nearest/", 20)).toEqual({ "next-0": 20 });
  expect((await ask("http://nearest/status/500")).status).toBe(500);
  await expect.poll(() => podOf("http://nearest/"), { timeout: 5000, interval: 10 }).toBe("far-0");
});

test("requests are spread over places by the shares of a rule", async () => {
  const counts = await answersOf("http://spread/", 200);
  expect(Object.keys(counts).sort()).toEqual(["far-0", "near-0", "next-0"]);
  // 80 %, give or take four standard deviations.
  expect(counts["far-0"]).toBeGreaterThan(160 - 23);
  expect(counts["far-0"]).toBeLessThan(160 + 23);
});
