/**
 * A mesh is edited at random while requests go on: none fails that the edit does not make fail, and in the end every proxy
 * holds what a new one in its place gets. `make edits` makes more of them.
 */
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { REFERENCE_CODE } from "../../src/config/references/dangling.js";
import { stats } from "./harness/admin.js";
import {
  answerersOf,
  edited,
  FIRST_STATE,
  type MeshState,
  PROBES,
  type Probe,
  STILL,
  textOf,
} from "./harness/edited-mesh.js";
import { heldResources } from "./harness/held-resources.js";
import { startLoad } from "./harness/load.js";
import { documents } from "./harness/manifests.js";
import { writeAtOnce } from "./harness/places.js";
import { randomNumbers } from "./harness/random-numbers.js";
import {
  type Answer,
  call,
  callAddress,
  keepAliveAgent,
  type Question,
} from "./harness/requests.js";
import { type ServedMesh, shareServedMesh } from "./harness/served-mesh.js";

const { FAIRLEAD_EDITS = "20", FAIRLEAD_SEED = "2" } = process.env;
const EDITS = Number(FAIRLEAD_EDITS);
const SEED = Number(FAIRLEAD_SEED);
const CALLERS = 8;
const SIDECARS = ["caller-0", "red-v1-0", "red-v2-0", "blue-0"];
/** More than a request takes on a machine with much else to do, and than Envoy takes to take over a change. */
const PATIENCE_MS = 30_000;

/** A state of the files, which proxies may go by from when it is written. */
interface Version {
  readonly number: number;
  readonly state: MeshState;
  readonly from: number;
}

/** The file that is edited. */
const EDITED = "edited.yaml";

/** What became of a request. */
interface Made {
  readonly probe: Probe;
  readonly from: number;
  readonly to: number;
  /** The pod that answered, or how it failed. */
  readonly outcome: { readonly by: string } | { readonly failure: string };
}

/** The YAML of a version, with its number in a resource that means nothing. */
const fileOf = ({ number, state }: Pick<Version, "number" | "state">): string =>
  documents(
    textOf(state),
    `
apiVersion: v1
kind: ConfigMap
metadata: { name: version }
data: { number: "${number}" }
`,
  );

function send(mesh: ServedMesh, { from, url }: Probe, question: Question): Promise<Answer> {
  const { pathname, host, port } = new URL(url);
  if (from === "caller") return call(mesh.pod("caller-0"), url, question);
  if (from === "outside") {
    const { pod } = mesh.gateway().addresses;
    const headers = { host: host.replace(/:\d+$/, "") };
    return callAddress({ address: pod, port: Number(port) }, `http://edge${pathname}`, {
      ...question,
      headers,
    });
  }
  // A connection that stays would belong to the listener of when it was made.
  const { egress } = mesh.pod("caller-0").addresses;
  return callAddress({ address: egress, port: Number(port) }, url);
}

async function outcomeOf(answer: Promise<Answer>): Promise<Made["outcome"]> {
  try {
    const { status, headers, body } = await answer;
    const by = String(headers["x-echo-pod"]);
    return status === 200 ? { by } : { failure: `${String(status)} ${body.slice(0, 100)}` };
  } catch (error) {
    return { failure: String(error) };
  }
}

/**
 * What is wrong with a request: it failed though it succeeds in each version that proxies may go by while it is made, or
 * another pod answered it than may in the one version. The last version is in force alone from `settledAt`.
 */
function wrongs(
  { probe, from, to, outcome }: Made,
  versions: readonly Version[],
  settledAt: number,
): readonly string[] {
  const concerned = from < settledAt ? versions.filter((one) => one.from < to) : versions.slice(-1);
  const answerers = concerned.map(({ state }) => answerersOf(state, probe));
  const isWrong =
    "failure" in outcome
      ? answerers.every((pods) => pods !== undefined && pods.length > 0)
      : answerers.length === 1 && answerers[0]?.includes(outcome.by) === false;
  const numbers = concerned.map(({ number }) => number).join(", ");
  return isWrong ? [`${probe.url} during ${numbers}: ${JSON.stringify(outcome)}`] : [];
}

/** The versions as one can read them: the first, and what is different in those behind it. */
function told(versions: readonly Version[]): string {
  const lines = versions.map(({ number, state }, i) => {
    const before = versions[i - 1]?.state;
    const forms = Object.entries(state).filter(([name, form]) => before?.[name as "red"] !== form);
    return `${number}: ${forms.map((entry) => entry.join(" ")).join(", ")}`;
  });
  return [`seed ${SEED}`, ...lines].join("\n");
}

/** Resolves when the control plane has read a version, and the proxies have answered to it. */
async function untilSettled(mesh: ServedMesh, number: number): Promise<void> {
  const controlPlane = mesh.controlPlane();
  const isRead = (): boolean => {
    const version = controlPlane.snapshot().tables.ConfigMap.get("default/version");
    return version?.spec.data?.["number"] === String(number);
  };
  await expect.poll(isRead, { timeout: PATIENCE_MS, interval: 5 }).toBe(true);
  await controlPlane.idle();
  const { diagnostics } = controlPlane.snapshot();
  // Routes may lead to what is gone; all else is in order.
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  expect(errors.filter(({ code }) => code !== REFERENCE_CODE)).toEqual([]);
}

/** Requests that go on: what became of those that have ended. */
interface Requests {
  /** Those since it was asked the last time. */
  take(): readonly Made[];
  /** Resolves when so many more have ended. */
  more(count: number): Promise<void>;
}

/** Makes one request after the other, of each probe in turn, until the test is over. */
function startRequests(mesh: ServedMesh): Requests {
  const made: Made[] = [];
  const agent = keepAliveAgent();
  let turn = 0;
  const load = startLoad(CALLERS, async () => {
    const probe = PROBES[turn++ % PROBES.length]!;
    const from = performance.now();
    const answer = send(mesh, probe, { agent });
    const outcome = await outcomeOf(answer);
    made.push({ probe, from, to: performance.now(), outcome });
    return answer;
  });
  onTestFinished(async () => {
    await load.stop();
  });
  return { take: () => made.splice(0), more: (count) => load.more(count) };
}

/** Sees that what has to fail does so in the end: a connection of before may go on for a while. */
async function expectFailures(mesh: ServedMesh, versions: readonly Version[]): Promise<void> {
  const { state } = versions.at(-1)!;
  const failing = PROBES.filter((probe) => answerersOf(state, probe)?.length === 0);
  await Promise.all(
    failing.map((probe) =>
      expect
        .poll(() => outcomeOf(send(mesh, probe, {})), {
          timeout: PATIENCE_MS,
          message: `${probe.url} in ${told(versions)}`,
        })
        .toHaveProperty("failure"),
    ),
  );
}

/** Edits one to three times in a row. */
async function editFile(
  mesh: ServedMesh,
  before: Version,
  random: Iterator<number, never>,
): Promise<readonly Version[]> {
  const isBurst = random.next().value < 0.25;
  const versions = [before];
  for (let i = isBurst ? 3 : 1; i > 0; i--) {
    const { number, state } = versions.at(-1)!;
    const next = { number: number + 1, state: edited(state, random, isBurst) };
    versions.push({ ...next, from: performance.now() });
    await writeAtOnce(join(mesh.directory, EDITED), fileOf(next));
  }
  return versions;
}

const PROTOCOLS = ["delta", "state-of-the-world"] as const;
const FIRST: Version = {
  number: 0,
  state: FIRST_STATE,
  from: 0,
};

describe.each(PROTOCOLS)("by %s", (protocol) => {
  const mesh = shareServedMesh({ "still.yaml": STILL, [EDITED]: fileOf(FIRST) }, { protocol });

  const requestsGoOn = async (): Promise<void> => {
    const random = randomNumbers(SEED);
    const requests = startRequests(mesh());
    await requests.more(PROBES.length);
    for (let latest = FIRST; latest.number < EDITS; ) {
      const versions = await editFile(mesh(), latest, random);
      latest = versions.at(-1)!;
      await untilSettled(mesh(), latest.number);
      // Connections of former listeners are told to end with their next answer.
      await requests.more(2 * PROBES.length + CALLERS);
      const settledAt = performance.now();
      await requests.more(PROBES.length + CALLERS);
      const wrong = requests.take().flatMap((one) => wrongs(one, versions, settledAt));
      expect(wrong, told(versions)).toEqual([]);
      await expectFailures(mesh(), versions);
    }
    expect(mesh().records.filter(({ msg }) => msg.includes("refused"))).toEqual([]);
  };
  test(`requests go on through ${EDITS} edits of seed ${SEED}`, requestsGoOn, EDITS * 60_000);

  test("in the end each proxy holds what a new one gets, and has waited in vain for nothing", async () => {
    for (const pod of [...SIDECARS.map((name) => mesh().pod(name)), mesh().gateway()]) {
      const timeouts = await stats(pod, "init_fetch_timeout");
      expect([...timeouts].filter(([, count]) => count > 0)).toEqual([]);
      const held = await heldResources(pod);
      await mesh().replaceProxy(pod);
      expect(held, pod.name).toEqual(await heldResources(pod));
    }
  });
});
