/** Has the modules that are wanted: fetches those that are not there, again when that fails, and keeps what it has until then. */

import type { Clock } from "../base/clock.js";
import { errorMessage } from "../base/error-message.js";
import type { InTurn } from "../base/steps/in-turn.js";
import { someAtOnce } from "../base/steps/some-at-once.js";
import type { AllowedHost } from "../net/allowed-host.js";
import { type FetchedModule, type ModuleSource, refusal } from "./fetch-module.js";
import { ModuleError } from "./module-error.js";

/** Fetches a module; throws an Error whose message says why it cannot. */
export type FetchModule = (source: ModuleSource, signal: AbortSignal) => Promise<FetchedModule>;

/** A module that is wanted; or why it cannot even be asked for. */
export type WantedModule = ModuleSource | { readonly url: string; readonly problem: string };

/** What is needed to have modules. */
export interface ModuleKeepingOptions {
  /** Those that may be asked. */
  readonly hosts: readonly AllowedHost[];
  /** Modules by their keys, as they were fetched before; those of hosts that may not be asked are not used. */
  readonly known: ReadonlyMap<string, FetchedModule>;
  readonly fetch: FetchModule;
  /** Told when something else is known of one of them. */
  readonly onChange: () => void;
  /** Told what came of each attempt. */
  readonly onFetched: (succeeded: boolean) => void;
  readonly clock: Clock;
}

/** What is known of a module. */
export interface KnownModule {
  /** The last that was fetched. */
  readonly fetched?: FetchedModule;
  /** Why it was not, when it was last to be. */
  readonly problem?: string;
}

/** See the top of this file. */
export interface ModuleKeeping {
  /** From now on these modules are wanted, by their keys, and no others; those of `anew` are fetched also when they are there. */
  readonly want: (modules: ReadonlyMap<string, WantedModule>, anew?: ReadonlySet<string>) => void;
  /** What is known of those that are wanted. Of one that is fetched for the first time that is nothing. */
  readonly known: () => ReadonlyMap<string, KnownModule>;
  readonly close: () => void;
}

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 300_000;
/** Each of them is in memory until it is looked at. */
const AT_A_TIME = 2;
/** Whoever writes plugins decides how many there are. */
const MOST_MODULES = 100;
const MOST_BYTES = 256 * 1024 * 1024;
const TOO_MANY = `no more than ${String(MOST_MODULES)} modules are fetched`;
const TOO_LARGE = `the modules that are there have ${String(MOST_BYTES)} bytes with it, and no more are kept`;

/** Nothing is fetched before somebody wants it. */
export function createModuleKeeping(options: ModuleKeepingOptions): ModuleKeeping {
  const kept = new Map<string, KeptModule>();
  const refused = new Map<string, KnownModule>();
  const inTurn = someAtOnce(AT_A_TIME);
  const all = (): FetchedModule[] =>
    [...kept.values()].flatMap(({ state }) => state().fetched ?? []);
  const begin = (key: string, wanted: WantedModule): void => {
    const problem = refusal(wanted.url, options.hosts);
    if (problem !== undefined) refused.set(key, { problem });
    else if (kept.size >= MOST_MODULES) refused.set(key, { problem: TOO_MANY });
    else {
      const before = options.known.get(key);
      kept.set(key, keepModule(wanted, { ...options, inTurn, all, ...(before && { before }) }));
    }
  };
  return {
    want: (modules, anew = new Set()) => {
      refused.clear();
      for (const [key, { close }] of [...kept]) {
        if (modules.has(key)) continue;
        close();
        kept.delete(key);
      }
      for (const [key, wanted] of modules) {
        const one = kept.get(key);
        if (one === undefined) begin(key, wanted);
        else one.want(wanted, anew.has(key));
      }
    },
    known: () =>
      new Map([...refused, ...[...kept].map(([key, { state }]) => [key, state()] as const)]),
    close: () => {
      for (const { close } of kept.values()) close();
    },
  };
}

interface KeptModule {
  readonly state: () => KnownModule;
  /** It may be wanted with other credentials now, which help where those before did not. */
  readonly want: (wanted: WantedModule, anew: boolean) => void;
  readonly close: () => void;
}

interface KeepingOne extends ModuleKeepingOptions {
  readonly inTurn: InTurn;
  /** All that are there. */
  readonly all: () => readonly FetchedModule[];
  readonly before?: FetchedModule;
}

/** Fetches a module that is not there at once, and again when that came to nothing. */
function keepModule(first: WantedModule, options: KeepingOne): KeptModule {
  const { clock, inTurn, all, before, onChange } = options;
  let wanted = first;
  let state: KnownModule = before === undefined ? {} : { fetched: before };
  let cancel = (): void => undefined;

  const attempt = (source: ModuleSource, failuresBefore: number): void => {
    cancel();
    const ending = new AbortController();
    const hasEnded = (): boolean => ending.signal.aborted;
    void inTurn(async () => {
      if (hasEnded()) return;
      const answer = await resultOf(source, ending.signal, options);
      if (hasEnded()) return;
      // Not before it is put beside them: another may have been fetched meanwhile.
      const result = "problem" in answer ? answer : accepted(answer, all());
      const last = state;
      state = "problem" in result ? { ...last, problem: result.problem } : stateWith(result, last);
      if ("problem" in result && !result.isFinal) {
        const failures = failuresBefore + 1;
        cancel = clock.after(waitAfter(failures), () => {
          attempt(source, failures);
        });
      }
      if (state.fetched !== last.fetched || state.problem !== last.problem) onChange();
    });
    cancel = () => {
      ending.abort();
    };
  };
  const begin = (next: WantedModule, isDue: boolean): void => {
    wanted = next;
    if ("problem" in next) {
      cancel();
      state = { ...state, problem: next.problem };
    } else if (isDue) attempt(next, 0);
  };
  begin(first, before === undefined);
  return {
    state: () => state,
    want: (next, anew) => {
      const isMissed = state.problem !== undefined || state.fetched === undefined;
      begin(next, anew || (isMissed && credentialsOf(next) !== credentialsOf(wanted)));
    },
    close: () => {
      cancel();
    },
  };
}

function credentialsOf(wanted: WantedModule): string | undefined {
  return "problem" in wanted ? undefined : wanted.credentials;
}

/** What is known with a module that was fetched; it is the same object when its bytes are. */
function stateWith(fetched: FetchedModule, { fetched: before }: KnownModule): KnownModule {
  return { fetched: before?.sha256 === fetched.sha256 ? before : fetched };
}

type Result = FetchedModule | { readonly problem: string; readonly isFinal: boolean };

async function resultOf(
  source: ModuleSource,
  signal: AbortSignal,
  { fetch, onFetched }: KeepingOne,
): Promise<Result> {
  const result = await fetch(source, signal).catch((error: unknown) => ({
    problem: errorMessage(error),
    isFinal: error instanceof ModuleError && error.isFinal,
  }));
  if (!signal.aborted) onFetched(!("problem" in result));
  return result;
}

/** One that was fetched beside those that are there: the same object as one of the same bytes. */
function accepted(fetched: FetchedModule, all: readonly FetchedModule[]): Result {
  const there = new Map(all.map((one) => [one.sha256, one]));
  const same = there.get(fetched.sha256);
  if (same !== undefined) return same;
  const bytes = [...there.values(), fetched].reduce((sum, { code }) => sum + code.length, 0);
  return bytes > MOST_BYTES ? { problem: TOO_LARGE, isFinal: false } : fetched;
}

/** Twice as long after each failure. */
function waitAfter(failures: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
}
