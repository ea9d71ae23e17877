/**
 * What another control plane has told of the workloads that registered themselves there. When it cannot be heard any more, they stay
 * for a while: their proxies may be on their way to here, or it may be back soon.
 */

import type { Clock } from "../../base/clock.js";
import { Table } from "../../base/table/table.js";
import type { Registration } from "../registry/registration.js";
import type { ToldRegistrations } from "./peer-messages.js";

type Registrations = Table<Registration>;

/** What was known before this control plane was started. */
export interface RememberedPeer {
  /** The start of the other one that told it. */
  readonly start: string;
  readonly registrations: Registrations;
}

/** Options of these. */
export interface PeerRegistrationsOptions {
  readonly clock: Clock;
  /** How long they stay when the other control plane is not heard any more, in milliseconds. */
  readonly graceMs: number;
  readonly remembered?: RememberedPeer;
  /** Told of each other table than before. */
  readonly onChange: (registrations: Registrations) => void;
}

/** A control plane takes no more connections. */
const MOST = 20_000;

/** See the top of this file. */
export class PeerRegistrations {
  readonly #options: PeerRegistrationsOptions;
  /** Told by calls that are over. */
  #leftovers: Registrations;
  #start: string | undefined;
  /** Told by the call that goes on; in force when it is complete. */
  #told: Registrations = Table.empty();
  #isComplete = false;
  #answering: string | undefined;
  #all: Registrations;
  #cancel = (): void => undefined;

  /** From what is remembered. */
  constructor(options: PeerRegistrationsOptions) {
    this.#options = options;
    this.#start = options.remembered?.start;
    this.#leftovers = options.remembered?.registrations ?? Table.empty();
    this.#all = this.#leftovers;
    if (this.#leftovers.size > 0) this.#forgetLater();
  }

  /** What is known now. */
  get all(): Registrations {
    return this.#all;
  }

  /** The start of the control plane that told of them last. */
  get start(): string | undefined {
    return this.#start;
  }

  /** It answers: what is told from now on, until it is complete, takes the place of what was told before. */
  begin(start: string): void {
    this.#answering = start;
    this.#told = Table.empty();
    this.#isComplete = false;
  }

  /** Takes what is told; false when that is more than a control plane has. */
  take(message: ToldRegistrations): boolean {
    this.#told = this.#told.edited(message.registrations);
    for (const key of message.removed) this.#told = this.#told.without(key);
    if (this.#told.size > MOST) return false;
    if (message.isComplete && !this.#isComplete) this.#complete();
    if (this.#isComplete) this.#settle();
    return true;
  }

  /** It is not heard any more. */
  lose(): void {
    if (!this.#isComplete) return;
    this.#leftovers = Table.from([...this.#all].map(([key, one]) => [key, unheard(one)] as const));
    this.#told = Table.empty();
    this.#isComplete = false;
    this.#forgetLater();
    this.#settle();
  }

  /** Nothing is told of any more. */
  close(): void {
    this.#cancel();
  }

  #complete(): void {
    this.#isComplete = true;
    // One that was started anew knows nothing yet of proxies that come back to it; the same one knows all of its own.
    if (this.#answering === this.#start) {
      this.#leftovers = Table.empty();
      this.#cancel();
    }
    this.#start = this.#answering;
  }

  #forgetLater(): void {
    const { clock, graceMs } = this.#options;
    this.#cancel();
    this.#cancel = clock.after(graceMs, () => {
      this.#leftovers = Table.empty();
      this.#settle();
    });
  }

  #settle(): void {
    const heard: Registrations = this.#isComplete ? this.#told : Table.empty();
    const next = this.#leftovers.size === 0 ? heard : this.#leftovers.under(heard);
    if (next === this.#all) return;
    this.#all = next;
    this.#options.onChange(next);
  }
}

/** Whether its proxy is connected is not known any more. */
const unheard = (one: Registration): Registration =>
  one.presence === "connected" ? { ...one, presence: "left" } : one;
