/** What has come to the client of a scenario, and what of it no step has expected yet. */
import { TYPE_URL } from "../../../src/xds/resource.js";
import type { TypeName } from "../../../test/wire/xds/view-server.js";
import type { Client, Response } from "./client.js";
import { BARRIER } from "./editions.js";
import { StepFailed } from "./step-failed.js";

const TIMEOUT_MS = 5000;

/** See the top of this file. */
export class Arrivals {
  readonly #client: Pick<Client, "next">;
  readonly #all: Response[] = [];
  readonly #unexpected: Response[] = [];

  constructor(client: Pick<Client, "next">) {
    this.#client = client;
  }

  /** All responses of a type. */
  all(type: TypeName): readonly Response[] {
    return this.#all.filter(({ typeUrl }) => typeUrl === TYPE_URL[type]);
  }

  /** Those that no step has expected, of one type or of all but barriers. */
  unexpected(type?: TypeName): readonly Response[] {
    return this.#unexpected.filter(
      ({ typeUrl }) => type === undefined || typeUrl === TYPE_URL[type],
    );
  }

  /**
   * The next response of a type that no step has expected: it is expected now.
   * @throws StepFailed when none comes
   */
  async take(type: TypeName): Promise<Response> {
    for (;;) {
      const index = this.#unexpected.findIndex(({ typeUrl }) => typeUrl === TYPE_URL[type]);
      const [found] = index < 0 ? [] : this.#unexpected.splice(index, 1);
      if (found !== undefined) return found;
      await this.#read();
    }
  }

  /**
   * Reads on until a resource of that name has come.
   * @throws StepFailed when it does not
   */
  async readTo(name: string): Promise<void> {
    while (!(await this.#read()).resources.some((one) => one.name === name));
  }

  async #read(): Promise<Response> {
    const response = await withTimeout(this.#client.next());
    this.#all.push(response);
    if (response.typeUrl !== TYPE_URL[BARRIER]) this.#unexpected.push(response);
    return response;
  }
}

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
