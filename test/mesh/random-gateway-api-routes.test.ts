/** Real Envoys send requests where the reference of the Gateway API has them go, in one mesh whose routes change. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Asked, model } from "../models/gateway-api/model.js";
import type { World } from "../models/gateway-api/objects.js";
import { CLOSED, outcomesOf } from "../models/gateway-api/outcomes.js";
import { askedIn } from "../models/gateway-api/request-arbitrary.js";
import { WORKLOADS, world } from "../models/gateway-api/world-arbitrary.js";
import { worldText } from "../models/gateway-api/world-text.js";
import type { Outcome } from "../models/routing/outcomes.js";
import { randomRuns } from "../random-runs.js";
import { openCertificates } from "./harness/certificates.js";
import { documents } from "./harness/manifests.js";
import { type Answer, call, callAddress, callTls } from "./harness/requests.js";
import { outcomeOf } from "./harness/route-outcome.js";
import { shareMesh } from "./harness/test-mesh.js";

const { RUNS, SEED } = randomRuns(5);
const REQUESTS = 40;

/** A Deployment of one pod `NAME-0`. */
const deployment = (name: string, own: string, app: string, inject: boolean): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${own} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${app} } }
  template:
    metadata: { labels: { app: ${app} }, annotations: { sidecar.istio.io/inject: "${inject}" } }
    spec: { containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }] }
`;

const namespace = (name: string, team: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio-injection: enabled, team: ${team} } }
`;

/** On which ports the pods of Gateways listen for those of their listeners. */
const PORTS: Readonly<Record<number, number>> = {
  80: 8180,
  443: 8543,
  8080: 8080,
  8443: 8443,
  9000: 9000,
};

const gatewayService = (name: string, own: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${own} }
spec:
  selector: { gateway.networking.k8s.io/gateway-name: ${name} }
  ports: ${JSON.stringify(Object.entries(PORTS).map(([port, targetPort]) => ({ name: `tcp-${port}`, port: Number(port), targetPort })))}
`;

const certificates = await openCertificates();
const CERTIFICATE = await certificates.certificateFor(["*.example.com"]);
const secret = (own: string): Readonly<Record<string, string>> => ({
  [`${own}/tls/tls.crt`]: CERTIFICATE.certificate,
  [`${own}/tls/tls.key`]: CERTIFICATE.key,
});

/** The world as the machine has it: callers find services through their sidecars, and not by addresses. */
const placed = (given: World): string =>
  worldText({
    ...given,
    namespaces: [],
    services: given.services.map(({ metadata, spec: { clusterIP: _, ...spec } }) => ({
      metadata,
      spec,
    })),
  });

const draws = fc.sample(
  world
    .filter(({ gateways }) => gateways.length === 2)
    .chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.array(askedIn(given), { minLength: REQUESTS, maxLength: REQUESTS }),
      ),
    ),
  { numRuns: RUNS, seed: SEED },
);

const mesh = shareMesh(
  {
    "still.yaml": documents(
      namespace("edge", "none"),
      namespace("a", "one"),
      namespace("b", "two"),
      ...["a", "b"].map((own) => deployment("caller", own, "caller", true)),
      ...WORKLOADS.map(({ name, namespace: own, labels }) =>
        deployment(name.replace(/-0$/, ""), own, labels["app"] ?? "", false),
      ),
      gatewayService("one", "edge"),
      gatewayService("two", "a"),
    ),
    "world.yaml": draws[0] === undefined ? "" : placed(draws[0][0]),
  },
  {
    // Nothing is looked up outside of this machine.
    dnsResolvers: [{ address: "127.0.0.1", port: 9 }],
    secrets: { ...secret("edge"), ...secret("a"), ...secret("b") },
  },
);

/** A request as it can be made here: over HTTP/1.1, where answers to calls of gRPC are not what they are told as. */
function askedHere(asked: Asked): Asked {
  const { "content-type": _, ...headers } = asked.request.headers;
  return { ...asked, request: { ...asked.request, headers } };
}

/** The applications speak no TLS, and the client says always whom it asks for. */
const canBeSeen = (asked: Asked, is: string): boolean =>
  asked.from !== "gateway" ||
  asked.serverName === undefined ||
  (asked.serverName !== "" && is !== "connected");

/** The headers of answers that routes of the worlds are about. */
const ANSWER_HEADERS = ["x-answer", "x-echo-pod", "x-from"];

/** What filters do to answers that come of no backend the specification does not say. */
const seen = (answer: Answer): Outcome => outcomeOf(answer, ANSWER_HEADERS, []);

async function send(asked: Asked): Promise<Outcome> {
  const { method, authority, port, path, headers } = asked.request;
  const question = { method, path, headers: { ...headers, host: authority } };
  if (asked.from !== "gateway") {
    const whole = { ...question, path: `http://${authority}${path}` };
    const answer = await call(mesh().pod(`caller-0.${asked.from}`), "http://any/", whole);
    return seen(answer);
  }
  const [own = "", name = ""] = asked.gateway.split("/");
  const { pod } = mesh().pod(`${name}-0.${own}`).addresses;
  const at = { address: pod, port: PORTS[port] ?? 0 };
  const sent =
    asked.serverName === undefined
      ? callAddress(at, "http://any/", question)
      : callTls(at, `https://${asked.serverName}/`, question);
  return sent.then(seen, () => CLOSED);
}

test(`${RUNS * REQUESTS} requests of seed ${SEED} go where the model says`, async () => {
  const wrong: unknown[] = [];
  for (const [i, [given, all]] of draws.entries()) {
    if (i > 0) await mesh().write("world.yaml", placed(given));
    for (const one of all.map(askedHere)) {
      const verdict = model(given, one);
      if (verdict === undefined || !canBeSeen(one, verdict.is)) continue;
      const expected = outcomesOf(verdict, one.request);
      const outcome = await send(one);
      const isExpected = expected.some(
        (other) => JSON.stringify(other) === JSON.stringify(outcome),
      );
      if (!isExpected) wrong.push({ ...one, outcome, expected, world: placed(given) });
    }
  }
  expect(wrong).toEqual([]);
});
