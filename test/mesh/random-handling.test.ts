/**
 * Real Envoys do with requests and answers what the documentation of Istio says that routes do: their headers, CORS,
 * redirects, rewrites, answers of the proxy's own, and retries; in one mesh whose routes change.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CREDENTIAL,
  GATEWAY_PORTS,
  handledRequest,
  handlingWorld,
} from "../models/routing/handling-arbitrary.js";
import type { Asked } from "../models/routing/http-arbitrary.js";
import { model } from "../models/routing/model.js";
import { type Outcome, outcomesOf } from "../models/routing/outcomes.js";
import { worldText } from "../models/routing/world-text.js";
import { randomRuns } from "../random-runs.js";
import { openCertificates } from "./harness/certificates.js";
import { documents } from "./harness/manifests.js";
import { type Answer, call, callAddress, callTls } from "./harness/requests.js";
import { isOfRoutes, outcomeOf } from "./harness/route-outcome.js";
import { STILL_PODS } from "./harness/still-pods.js";
import { shareMesh } from "./harness/test-mesh.js";

const { RUNS, SEED } = randomRuns(20);
const REQUESTS = 60;

const { certificate, key } = await (await openCertificates()).certificateFor(["api.example.com"]);

/** Where the pods of the gateway listen for its ports. */
const targetPort = (port: number): number => (port < 1000 ? port + 9000 : port);

const GATEWAY_SERVICE = JSON.stringify({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "ingress", namespace: "edge" },
  spec: {
    selector: { istio: "ingress" },
    ports: Object.keys(GATEWAY_PORTS)
      .map(Number)
      .map((port) => ({ name: `port-${port}`, port, targetPort: targetPort(port) })),
  },
});

const draws = fc.sample(
  fc.tuple(handlingWorld, fc.array(handledRequest, { minLength: REQUESTS, maxLength: REQUESTS })),
  { numRuns: RUNS, seed: SEED },
);

const mesh = shareMesh(
  {
    "still.yaml": documents(...STILL_PODS, `\n${GATEWAY_SERVICE}\n`),
    "world.yaml": draws[0] === undefined ? "" : worldText(draws[0][0]),
  },
  {
    secrets: {
      [`edge/${CREDENTIAL}/tls.crt`]: certificate,
      [`edge/${CREDENTIAL}/tls.key`]: key,
    },
  },
);

/** The headers of answers that routes of the worlds are about. */
const ANSWER_HEADERS = [
  "x-answer",
  "x-other",
  "x-destination",
  "x-echo-pod",
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "access-control-expose-headers",
  "access-control-max-age",
];

function send({ from, request }: Asked): Promise<Answer> {
  const { method, authority, path, headers, port, encrypted } = request;
  const question = { method, path, headers: { ...headers, host: authority } };
  if (from !== "gateway") {
    const inProxy = { ...question, path: `http://${authority}${path}` };
    return call(mesh().pod(`caller-0.${from}`), "http://shop/", inProxy);
  }
  const at = { address: mesh().gateway().addresses.pod, port: targetPort(port) };
  return encrypted === true
    ? callTls(at, "https://api.example.com/", question)
    : callAddress(at, "http://api.example.com/", question);
}

/** An outcome in which the same is written in the same way. */
function comparable({ location, headers, ...rest }: Outcome): string {
  return JSON.stringify({
    ...rest,
    location: location === undefined ? undefined : new URL(location).href,
    headers:
      headers && Object.fromEntries(Object.entries(headers).filter(([name]) => isOfRoutes(name))),
  });
}

test(`${RUNS * REQUESTS} requests of seed ${SEED} become what the model says`, {
  timeout: 60_000 + RUNS * 5_000,
}, async () => {
  const wrong: unknown[] = [];
  for (const [i, [given, all]] of draws.entries()) {
    if (i > 0) await mesh().write("world.yaml", worldText(given));
    for (const one of all) {
      const expected = outcomesOf(model(given, one.from, one.request, "NONE")).map(comparable);
      const outcome = comparable(outcomeOf(await send(one), ANSWER_HEADERS));
      if (expected.includes(outcome)) continue;
      const { path } = one.request;
      const route = given.virtualServices[0]?.spec.http?.[Number(path.slice(2, 3))];
      wrong.push({ ...one, outcome, expected, route: JSON.stringify(route) });
    }
  }
  expect(wrong).toEqual([]);
});
