/**
 * Plays a scenario of a test harness of the discovery protocol, whose steps are sentences, against a server.
 *
 * The harness chooses versions, fairlead makes them of the content. So a version of a scenario is an edition of the resource
 * that it was said of; in state of the world it also stands for a version of the whole response, and two of them
 * must not be one.
 */
import { TYPE_URL } from "../../src/xds/resource.js";
import type { TestServer, TypeName } from "../../test/wire/xds/view-server.js";
import { type Client, isEdition, type Received, type Response } from "./xds-client.js";

/** What went wrong in a step. */
class StepFailed extends Error {
  readonly code = "step-failed";
}

const SERVICES: Readonly<Record<string, TypeName>> = {
  CDS: "cluster",
  EDS: "endpoint",
  LDS: "listener",
  RDS: "route",
};

/** Answered last of all types, so that everything that is due comes before it. */
const BARRIER = "extensionConfig";
const TIMEOUT_MS = 5000;

/** Names with their editions, by type. */
type Editions = Map<TypeName, Map<string, string>>;

/** A scenario that is being played. */
class Scenario {
  readonly #server: TestServer;
  readonly #client: Client;
  readonly #editions: Editions;
  /** Responses that no step has expected yet. */
  readonly #unexpected: Response[] = [];
  /** Those of the last expectation of a type. */
  readonly #matched = new Map<TypeName, readonly Response[]>();
  readonly #all: Response[] = [];
  /** State of the world: the version of a response, by type and the scenario's version. */
  readonly #versions = new Map<string, string>();
  readonly #subscribed = new Map<TypeName, Set<string>>();
  #barriers = 0;

  constructor(server: TestServer, client: Client) {
    this.#server = server;
    this.#client = client;
    this.#editions = new Map([[BARRIER, new Map<string, string>()]]);
  }

  setUp(types: readonly TypeName[], names: readonly string[], version: string): void {
    for (const type of types) {
      this.#editions.set(type, new Map(names.map((name) => [name, version])));
    }
    this.#publish();
  }

  change(type: TypeName, name: string, version: string | undefined): void {
    const editions = this.#editions.get(type);
    if (version === undefined) editions?.delete(name);
    else editions?.set(name, version);
    this.#publish();
  }

  subscribe(type: TypeName, names: readonly string[]): void {
    const known = this.#subscribed.get(type) ?? new Set();
    this.#subscribed.set(type, new Set([...known, ...names]));
    if (names.length === 0) this.#client.subscribeToAll(type);
    else this.#client.subscribe(type, names);
  }

  async unsubscribe(type: TypeName, names: readonly string[]): Promise<void> {
    for (const name of names) this.#subscribed.get(type)?.delete(name);
    this.#client.unsubscribe(type, names);
    // What was asked for before is over, so that an update that comes next is not taken for it.
    await this.#barrier();
  }

  async unsubscribeFromAllBut(type: TypeName, names: readonly string[]): Promise<void> {
    const all = [...(this.#subscribed.get(type) ?? [])];
    await this.unsubscribe(
      type,
      all.filter((name) => !names.includes(name)),
    );
  }

  /** These resources come, each as it is now, and nothing else of the type. */
  async receive(type: TypeName, names: readonly string[], version: string): Promise<void> {
    const missing = new Set(names);
    const matched: Response[] = [];
    while (missing.size > 0) {
      const response = await this.#take(type);
      matched.push(response);
      this.#check(type, response, names, version);
      for (const { name } of response.resources) missing.delete(name);
    }
    this.#matched.set(type, matched);
  }

  cameTogether(type: TypeName): void {
    const count = this.#matched.get(type)?.length ?? 0;
    if (count !== 1) throw new StepFailed(`${count} responses`);
  }

  async removed(type: TypeName, name: string): Promise<void> {
    const { removed, resources } = await this.#take(type);
    if (resources.length > 0 || removed.length !== 1 || removed[0] !== name) {
      throw new StepFailed(`removed: ${removed.join()}; sent: ${namesOf(resources)}`);
    }
  }

  /** No other resource came with the version, or in the response, of this one. */
  isAlone(type: TypeName, name: string, by: { readonly version: boolean }): void {
    const [latest] = this.#matched.get(type)?.slice(-1) ?? [];
    const version = latest?.resources.find((one) => one.name === name)?.version;
    const responses = this.#all.filter(({ typeUrl }) => typeUrl === TYPE_URL[type]);
    for (const { nonce, resources } of responses) {
      const others = resources.filter((one) => one.name !== name);
      const same = others.filter((one) => by.version && one.version === version);
      if (same.length > 0) throw new StepFailed(`the same version: ${namesOf(same)}`);
      if (nonce === latest?.nonce && others.length > 0) {
        throw new StepFailed(`the same response: ${namesOf(others)}`);
      }
    }
  }

  /** All that came was expected. */
  async nothingMore(type?: TypeName): Promise<void> {
    await this.#barrier();
    const more = this.#unexpected.filter(
      ({ typeUrl }) => type === undefined || typeUrl === TYPE_URL[type],
    );
    if (more.length === 0) return;
    const texts = more.map(({ typeUrl, resources }) => `${typeUrl}: ${namesOf(resources)}`);
    throw new StepFailed(`more responses than necessary: ${texts.join("; ")}`);
  }

  #publish(): void {
    this.#server.publish(
      Object.fromEntries(
        [...this.#editions].map(([type, names]) => [type, Object.fromEntries(names)]),
      ),
    );
  }

  #check(type: TypeName, response: Response, names: readonly string[], version: string): void {
    const others = response.resources.filter(({ name }) => !names.includes(name));
    if (others.length > 0) throw new StepFailed(`came beside it: ${namesOf(others)}`);
    const isDelta = this.#client.protocol === "delta";
    for (const resource of response.resources) {
      const now = this.#editions.get(type)?.get(resource.name) ?? "";
      const expected = isDelta ? version : now;
      if (!isEdition(type, resource, expected)) {
        throw new StepFailed(`not edition ${expected}: ${JSON.stringify(resource.content)}`);
      }
    }
    if (!isDelta) this.#checkVersion(type, response, version);
  }

  #checkVersion(type: TypeName, response: Response, version: string): void {
    const others = [...this.#versions].filter(([key]) => key.startsWith(`${type} `));
    const key = `${type} ${version}`;
    const same = others.find(([other, known]) => other !== key && known === response.version);
    if (same !== undefined) throw new StepFailed(`version ${version} is that of ${same[0]}`);
    this.#versions.set(key, response.version);
  }

  /** The next response of a type that no step has expected. */
  async #take(type: TypeName): Promise<Response> {
    for (;;) {
      const index = this.#unexpected.findIndex(({ typeUrl }) => typeUrl === TYPE_URL[type]);
      const [found] = index < 0 ? [] : this.#unexpected.splice(index, 1);
      if (found !== undefined) return found;
      await this.#read();
    }
  }

  async #read(): Promise<Response> {
    const response = await withTimeout(this.#client.next());
    this.#all.push(response);
    if (response.typeUrl !== TYPE_URL[BARRIER]) this.#unexpected.push(response);
    return response;
  }

  /** Reads all that the server has to say now. */
  async #barrier(): Promise<void> {
    this.#barriers += 1;
    const name = `barrier-${this.#barriers}`;
    this.#editions.get(BARRIER)?.set(name, "1");
    this.#publish();
    this.#client.subscribe(BARRIER, [name]);
    while (!(await this.#read()).resources.some((one) => one.name === name));
  }
}

const namesOf = (resources: readonly Received[]): string =>
  resources.map(({ name }) => name).join();

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StepFailed("nothing came"));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

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
      scenario.setUp(services.split(",").map(typeOf), split(names), version);
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
      scenario.change(typeOf(service), name, version);
    },
  ],
  [
    /^the resource .* is removed from/i,
    (scenario, [name = "", service]) => {
      scenario.change(typeOf(service), name, undefined);
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
