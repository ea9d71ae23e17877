/** What the server of a scenario has: names with their editions, by type. */
import type { TestServer, TypeName } from "../../../test/wire/xds/view-server.js";

/** Answered last of all types, so that everything that is due comes before it. */
export const BARRIER = "extensionConfig";

/** See the top of this file. Each change is published at once. */
export class Editions {
  readonly #server: TestServer;
  readonly #byType: Map<TypeName, Map<string, string>>;
  #barriers = 0;

  constructor(server: TestServer) {
    this.#server = server;
    this.#byType = new Map([[BARRIER, new Map<string, string>()]]);
  }

  /** From now on there are these of some types, each in the same edition. */
  set(types: readonly TypeName[], names: readonly string[], edition: string): void {
    for (const type of types) {
      this.#byType.set(type, new Map(names.map((name) => [name, edition])));
    }
    this.#publish();
  }

  /** From now on one has another edition, or is not there any more. */
  change(type: TypeName, name: string, edition: string | undefined): void {
    const editions = this.#byType.get(type);
    if (edition === undefined) editions?.delete(name);
    else editions?.set(name, edition);
    this.#publish();
  }

  /** That of a name now, `""` when it is not there. */
  of(type: TypeName, name: string): string {
    return this.#byType.get(type)?.get(name) ?? "";
  }

  /** The name of a new barrier. */
  addBarrier(): string {
    this.#barriers += 1;
    const name = `barrier-${this.#barriers}`;
    this.change(BARRIER, name, "1");
    return name;
  }

  #publish(): void {
    this.#server.publish(
      Object.fromEntries(
        [...this.#byType].map(([type, names]) => [type, Object.fromEntries(names)]),
      ),
    );
  }
}
