/**
 * A scenario of a test harness of the discovery protocol, as it is played against a server.
 *
 * The harness chooses versions, fairlead makes them of the content. So a version of a scenario is an edition of the resource
 * that it was said of; in state of the world it also stands for a version of the whole response, and two of them
 * must not be one.
 */
import type { TestServer, TypeName } from "../../../test/wire/xds/view-server.js";
import { Arrivals } from "./arrivals.js";
import { type Client, isEdition, type Received, type Response } from "./client.js";
import { BARRIER, Editions } from "./editions.js";
import { StepFailed } from "./step-failed.js";

/** A scenario that is being played: what its client does, and what it expects to have come. */
export class Scenario {
  /** What the server has. */
  readonly editions: Editions;
  readonly #client: Client;
  readonly #arrivals: Arrivals;
  /** The responses of the last expectation of a type. */
  readonly #matched = new Map<TypeName, readonly Response[]>();
  /** State of the world: the version of a response, by type and the scenario's version. */
  readonly #versions = new Map<string, string>();
  readonly #subscribed = new Map<TypeName, Set<string>>();

  constructor(server: TestServer, client: Client) {
    this.editions = new Editions(server);
    this.#client = client;
    this.#arrivals = new Arrivals(client);
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
      const response = await this.#arrivals.take(type);
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
    const { removed, resources } = await this.#arrivals.take(type);
    if (resources.length > 0 || removed.length !== 1 || removed[0] !== name) {
      throw new StepFailed(`removed: ${removed.join()}; sent: ${namesOf(resources)}`);
    }
  }

  /** No other resource came with the version, or in the response, of this one. */
  isAlone(type: TypeName, name: string, by: { readonly version: boolean }): void {
    const [latest] = this.#matched.get(type)?.slice(-1) ?? [];
    const version = latest?.resources.find((one) => one.name === name)?.version;
    for (const { nonce, resources } of this.#arrivals.all(type)) {
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
    const more = this.#arrivals.unexpected(type);
    if (more.length === 0) return;
    const texts = more.map(({ typeUrl, resources }) => `${typeUrl}: ${namesOf(resources)}`);
    throw new StepFailed(`more responses than necessary: ${texts.join("; ")}`);
  }

  #check(type: TypeName, response: Response, names: readonly string[], version: string): void {
    const others = response.resources.filter(({ name }) => !names.includes(name));
    if (others.length > 0) throw new StepFailed(`came beside it: ${namesOf(others)}`);
    const isDelta = this.#client.protocol === "delta";
    for (const resource of response.resources) {
      const expected = isDelta ? version : this.editions.of(type, resource.name);
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

  /** Reads all that the server has to say now. */
  async #barrier(): Promise<void> {
    const name = this.editions.addBarrier();
    this.#client.subscribe(BARRIER, [name]);
    await this.#arrivals.readTo(name);
  }
}

const namesOf = (resources: readonly Received[]): string =>
  resources.map(({ name }) => name).join();
