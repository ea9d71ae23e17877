import { NOT_MADE, type ResourceTable } from "../../xds/resource.js";

/** Told of a fault; with the type that a session waits for where it has nothing of it to go on with. */
export type OnTableFault = (fault: unknown, awaitedType?: string) => void;

/**
 * The tables that a session had, by the URLs of their types: what it goes on with when those that it should have cannot be made.
 * That is a fault of ours, which would end the streams of all proxies, again and again, for one odd resource.
 */
export class KeptTables {
  readonly #tables = new Map<string, ResourceTable | undefined>();
  readonly #onFault: OnTableFault;

  constructor(onFault: OnTableFault) {
    this.#onFault = onFault;
  }

  /** A table that could be made, undefined where the session has none of the type. */
  keep(typeUrl: string, table: ResourceTable | undefined): void {
    this.#tables.set(typeUrl, table);
  }

  /** What the session has in the place of a table that cannot be made. */
  insteadOf(typeUrl: string, fault: unknown): ResourceTable | undefined {
    if (this.#tables.has(typeUrl)) {
      this.#onFault(fault);
      return this.#tables.get(typeUrl);
    }
    this.#onFault(fault, typeUrl);
    return NOT_MADE;
  }
}
