/** The sentences of which scenarios are made, and what each does. */
import type { TestServer, TypeName } from "../../../test/wire/xds/view-server.js";
import type { Client } from "./client.js";
import { Scenario } from "./scenario.js";
import { StepFailed } from "./step-failed.js";

const SERVICES: Readonly<Record<string, TypeName>> = {
  CDS: "cluster",
  EDS: "endpoint",
  LDS: "listener",
  RDS: "route",
};

/** A sentence, and what it does; the words in quotes are its arguments. */
type Step = readonly [
  RegExp,
  (scenario: Scenario, words: readonly string[]) => void | Promise<void>,
];

function typeOf(service = ""): TypeName {
  const type = SERVICES[service];
  if (type === undefined) throw new StepFailed(`no such service: ${service}`);
  return type;
}

const split = (text = ""): readonly string[] => text.split(",").filter((one) => one !== "");

const STEPS: readonly Step[] = [
  [
    /^a target setup with .*services?/i,
    (scenario, [services = "", names, version = ""]) => {
      scenario.editions.set(services.split(",").map(typeOf), split(names), version);
    },
  ],
  [
    /^the Client does a wildcard subscription/i,
    (scenario, [service]) => {
      scenario.subscribe(typeOf(service), []);
    },
  ],
  [
    /^the Client subscribes to resources/i,
    (scenario, [names, service]) => {
      scenario.subscribe(typeOf(service), split(names));
    },
  ],
  [
    /^the Client unsubscribes from all resources/i,
    (scenario, [service]) => scenario.unsubscribeFromAllBut(typeOf(service), []),
  ],
  [
    /^the Client unsubscribes from resource /i,
    (scenario, [name, service]) => scenario.unsubscribe(typeOf(service), split(name)),
  ],
  [
    /^the Client updates subscription to a resource/i,
    (scenario, [name, service]) => scenario.unsubscribeFromAllBut(typeOf(service), split(name)),
  ],
  [
    /^the Client receives (only )?the resources? /i,
    (scenario, [names, version = "", service]) =>
      scenario.receive(typeOf(service), split(names), version),
  ],
  [
    /^the resources .* came in a single response/i,
    (scenario, [, , service]) => {
      scenario.cameTogether(typeOf(service));
    },
  ],
  [
    /^the Client receives notice that resource/i,
    (scenario, [name = "", service]) => scenario.removed(typeOf(service), name),
  ],
  [
    /^for service .*, no resource other than .* has same version or nonce/i,
    (scenario, [service, name = ""]) => {
      scenario.isAlone(typeOf(service), name, { version: true });
    },
  ],
  [
    /^for service .*, no resource other than .* has same nonce/i,
    (scenario, [service, name = ""]) => {
      scenario.isAlone(typeOf(service), name, { version: false });
    },
  ],
  [
    /^the resource .* is (updated to version|added to the)/i,
    (scenario, words) => {
      const [name = "", service, version] = words;
      scenario.editions.change(typeOf(service), name, version);
    },
  ],
  [
    /^the resource .* is removed from/i,
    (scenario, [name = "", service]) => {
      scenario.editions.change(typeOf(service), name, undefined);
    },
  ],
  [
    /^the Client does not receive any message/i,
    (scenario, [service]) => scenario.nothingMore(typeOf(service)),
  ],
  [
    /^the Client does not receive resource/i,
    (scenario, [, service]) => scenario.nothingMore(typeOf(service)),
  ],
  [/^the service never responds more than necessary/i, (scenario) => scenario.nothingMore()],
];

const KEYWORD = /^(Given|When|Then|And|But) /;

/** Plays the steps of a scenario; the result is what went wrong, undefined when all went well. */
export async function playScenario(
  steps: readonly string[],
  server: TestServer,
  client: Client,
): Promise<string | undefined> {
  const scenario = new Scenario(server, client);
  for (const step of steps) {
    const sentence = step.replace(KEYWORD, "");
    const words = [...sentence.matchAll(/"([^"]*)"/g)].map(([, word = ""]) => word);
    const [, play] = STEPS.find(([pattern]) => pattern.test(sentence)) ?? [];
    if (play === undefined) return `${step}: no such step is known`;
    try {
      await play(scenario, words);
    } catch (error) {
      if (error instanceof StepFailed) return `${step}: ${error.message}`;
      throw error;
    }
  }
  return undefined;
}
