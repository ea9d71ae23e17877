/** Finds out where the keys of token issuers are, by asking the issuers, and asks them again from time to time. */

import type { Clock } from "../base/clock.js";
import { errorMessage } from "../base/error-message.js";
import { type AllowedHost, formatAllowedHost, hostOfUrl, placeOf } from "../net/allowed-host.js";
import { configurationUrl, type KeysAddress, keysAddress } from "./provider-configuration.js";

/** Gets the text behind a URL; throws an Error whose message says why it cannot. */
export type FetchText = (
  url: URL,
  options: { readonly mayBePrivate: boolean; readonly signal: AbortSignal },
) => Promise<string>;

/** What is needed to ask issuers. */
export interface KeyDiscoveryOptions {
  /** Those that may be asked. */
  readonly hosts: readonly AllowedHost[];
  /** The addresses of keys by issuer, as they were found before; those of hosts that may not be asked are not used. */
  readonly known: ReadonlyMap<string, string>;
  readonly fetch: FetchText;
  /** Told when an address was found that was another one before, or a problem. */
  readonly onChange: () => void;
  readonly clock: Clock;
}

/** See the top of this file. */
export interface KeyDiscovery {
  /** From now on these issuers are asked, and no others. */
  readonly want: (issuers: ReadonlySet<string>) => void;
  /** The addresses of the keys of those that are wanted, by issuer, as far as they are known. */
  readonly found: () => ReadonlyMap<string, string>;
  /** Why the address of an issuer's keys is not known; undefined when it is, and before the first answer. */
  readonly problem: (issuer: string) => string | undefined;
  readonly close: () => void;
}

/** An address stays good for long, and Envoy fetches the keys behind it itself. */
const AGAIN_AFTER_MS = 3_600_000;
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 300_000;
/** Whoever writes policies decides how many paths of a host are asked. */
const MOST_ISSUERS = 100;
const TOO_MANY = `no more than ${String(MOST_ISSUERS)} issuers are asked; give the rule a jwksUri`;

/** Nothing is asked before somebody wants it. */
export function createKeyDiscovery(options: KeyDiscoveryOptions): KeyDiscovery {
  const asked = new Map<string, AskedIssuer>();
  const refused = new Map<string, string>();
  const begin = (issuer: string): void => {
    const question = questionFor(issuer, options.hosts);
    if ("problem" in question) refused.set(issuer, question.problem);
    else if (asked.size >= MOST_ISSUERS) refused.set(issuer, TOO_MANY);
    else asked.set(issuer, askAgainAndAgain(issuer, question, options));
  };
  return {
    want: (issuers) => {
      refused.clear();
      for (const [issuer, { close }] of [...asked]) {
        if (issuers.has(issuer)) continue;
        close();
        asked.delete(issuer);
      }
      for (const issuer of issuers) if (!asked.has(issuer)) begin(issuer);
    },
    found: () => {
      const found = new Map<string, string>();
      for (const [issuer, { state }] of asked) {
        const { uri } = state();
        if (uri !== undefined) found.set(issuer, uri);
      }
      return found;
    },
    problem: (issuer) => refused.get(issuer) ?? asked.get(issuer)?.state().problem,
    close: () => {
      for (const { close } of asked.values()) close();
    },
  };
}

/** What is known of where an issuer's keys are. */
interface Knowledge {
  /** The last that was found; it stays when the issuer is away. */
  readonly uri?: string;
  /** Why it was not told when it was last asked. */
  readonly problem?: string;
}

interface AskedIssuer {
  readonly state: () => Knowledge;
  readonly close: () => void;
}

/** Asks an issuer at once, and again when its answer is old or was of no use. */
function askAgainAndAgain(
  issuer: string,
  question: Question,
  { known, fetch, clock, onChange }: KeyDiscoveryOptions,
): AskedIssuer {
  const closing = new AbortController();
  const { signal } = closing;
  const before = known.get(issuer);
  let state: Knowledge = before === undefined ? {} : { uri: before };
  let cancel = (): void => undefined;
  const ask = async (failuresBefore: number): Promise<void> => {
    const answer = await answerOf(issuer, question, { fetch, signal });
    if (signal.aborted) return;
    const last = state;
    state = "uri" in answer ? answer : { ...last, ...answer };
    const failures = "uri" in answer ? 0 : failuresBefore + 1;
    cancel = clock.after(waitAfter(failures), () => {
      void ask(failures);
    });
    if (state.uri !== last.uri || state.problem !== last.problem) onChange();
  };
  void ask(0);
  return {
    state: () => state,
    close: () => {
      closing.abort();
      cancel();
    },
  };
}

/** What an issuer is asked. */
interface Question {
  readonly url: URL;
  readonly mayBePrivate: boolean;
}

function questionFor(
  issuer: string,
  hosts: readonly AllowedHost[],
): Question | { readonly problem: string } {
  const url = configurationUrl(issuer);
  if (url === undefined) {
    return {
      problem:
        "only an issuer that is an https URL can be asked where its keys are; give the rule a jwksUri or jwks",
    };
  }
  const host = hostOfUrl(url);
  const place = placeOf(host, hosts);
  if (place !== undefined) return { url, ...place };
  const option = `--discover-keys ${formatAllowedHost(host)}`;
  return {
    problem: `nobody allowed to ask it where its keys are; give the rule a jwksUri, or start with ${option}`,
  };
}

async function answerOf(
  issuer: string,
  { url, mayBePrivate }: Question,
  { fetch, signal }: Pick<KeyDiscoveryOptions, "fetch"> & { readonly signal: AbortSignal },
): Promise<KeysAddress> {
  const problemAt = (what: string) => ({
    problem: `${url.href} was asked where its keys are: ${what}`,
  });
  try {
    const address = keysAddress(issuer, await fetch(url, { mayBePrivate, signal }));
    return "uri" in address ? address : problemAt(address.problem);
  } catch (error) {
    return problemAt(errorMessage(error));
  }
}

/** Twice as long after each failure. */
function waitAfter(failures: number): number {
  if (failures === 0) return AGAIN_AFTER_MS;
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
}
