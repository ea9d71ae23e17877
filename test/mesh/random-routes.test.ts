/** Real Envoys send requests where the documentation of Istio has them go, in one mesh whose routes change. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostOf, namesOf } from "../models/routing/hosts.js";
import { type Asked, askedIn } from "../models/routing/http-arbitrary.js";
import { model } from "../models/routing/model.js";
import type { World } from "../models/routing/objects.js";
import { type Outcome, outcomesOf } from "../models/routing/outcomes.js";
import { leadingSomewhere } from "../models/routing/simulated.js";
import { SHOP, world } from "../models/routing/world-arbitrary.js";
import { worldText } from "../models/routing/world-text.js";
import { randomRuns } from "../random-runs.js";
import { documents } from "./harness/manifests.js";
import { call, callAddress } from "./harness/requests.js";
import { outcomeOf } from "./harness/route-outcome.js";
import { STILL_PODS } from "./harness/still-pods.js";
import { shareMesh } from "./harness/test-mesh.js";

const { RUNS, SEED } = randomRuns(20);
const REQUESTS = 40;

/** The Service of the gateway: its pods listen on port 8080. */
const GATEWAY_SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: ingress, namespace: edge }
spec: { selector: { istio: ingress }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;

/**
 * The world as the machine has it: callers find services through their sidecars, and not by addresses. Its objects are new
 * ones: what is changed so that it leads to nothing stays as it was.
 */
function placed(given: World, number: number): string {
  const services = given.services.map(({ metadata, spec: { clusterIP: _, ...spec } }) => ({
    metadata,
    spec,
  }));
  return worldText({ ...given, services }).replaceAll(
    /"(route|delegate|rule|entry|sidecar)-(\d)"/g,
    `"$1-${number}-$2"`,
  );
}

const draws = fc.sample(
  world
    .map(leadingSomewhere)
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
    "still.yaml": documents(...STILL_PODS, GATEWAY_SERVICE),
    "world.yaml": draws[0] === undefined ? "" : placed(draws[0][0], 0),
  },
  // Nothing is looked up outside of this machine.
  { dnsResolvers: [{ address: "127.0.0.1", port: 9 }] },
);

/**
 * A sidecar that is called as a proxy is told the port by the authority alone. By another than 80 the hosts of services are
 * called that have it: of others the documentation does not say where they have routes.
 */
function askedHere({ from, request }: Asked): Asked {
  const { authority, port } = request;
  const host = hostOf(authority);
  if (port === 80) return { from, request };
  return namesOf(SHOP, from).includes(host)
    ? { from, request: { ...request, authority: `${host}:${port}` } }
    : { from, request: { ...request, port: 80, authority: host } };
}

/** The headers of answers that routes of the worlds are about. */
const ANSWER_HEADERS = ["x-answer", "x-echo-pod"];

async function send({ from, request }: Asked): Promise<Outcome> {
  const { method, authority, path, headers } = request;
  const question = { method, path, headers: { ...headers, host: authority } };
  const sent =
    from === "gateway"
      ? callAddress(
          { address: mesh().gateway().addresses.pod, port: 8080 },
          "http://edge/",
          question,
        )
      : call(mesh().pod(`caller-0.${from}`), "http://edge/", {
          ...question,
          path: `http://${authority}${path}`,
        });
  return outcomeOf(await sent, ANSWER_HEADERS);
}

/** A request to a port of services on the egress address of an application's sidecar; undefined where nothing listens there. */
async function sendDirectly({ from, request }: Asked): Promise<Outcome | undefined> {
  const { method, authority, path, headers, port } = request;
  const at = { address: mesh().pod(`caller-0.${from}`).addresses.egress, port };
  const question = { method, path, headers: { ...headers, host: authority } };
  return callAddress(at, "http://any/", question).then(
    (answer) => outcomeOf(answer, ANSWER_HEADERS),
    () => undefined,
  );
}

/** What a sidecar that is called on a port of services does otherwise than the model. */
async function wrongDirectly(given: World, one: Asked): Promise<readonly unknown[]> {
  if (one.from === "gateway") return [];
  const verdict = model(given, one.from, one.request);
  const expected = outcomesOf(verdict);
  if (expected.length === 0) return [];
  const outcome = await sendDirectly(one);
  // Where no service takes requests there is nothing to say so.
  if (verdict.is === "blocked" && outcome === undefined) return [];
  const isExpected = expected.some((other) => JSON.stringify(other) === JSON.stringify(outcome));
  return isExpected ? [] : [{ ...one, directly: true, outcome, expected }];
}

test(`${RUNS * REQUESTS} requests of seed ${SEED} go where the model says`, async () => {
  const wrong: unknown[] = [];
  for (const [i, [given, all]] of draws.entries()) {
    if (i > 0) await mesh().write("world.yaml", placed(given, i));
    for (const one of all) {
      const differences = await wrongDirectly(given, one);
      wrong.push(...differences.map((other) => ({ other, world: placed(given, i) })));
    }
    for (const one of all.map(askedHere)) {
      const expected = outcomesOf(model(given, one.from, one.request, "NONE"));
      // What the mesh does not know would be looked for outside.
      if (expected.length === 0) continue;
      const outcome = await send(one);
      const isExpected = expected.some(
        (other) => JSON.stringify(other) === JSON.stringify(outcome),
      );
      if (!isExpected) wrong.push({ ...one, outcome, expected, world: placed(given, i) });
    }
  }
  expect(wrong).toEqual([]);
});
