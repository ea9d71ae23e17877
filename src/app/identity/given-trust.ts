/** Follows the files that say whom to trust beside those whom the authority signed, and whom no more. */

import type { Clock } from "../../base/clock.js";
import type { Authority } from "../../ca/authority/authority.js";
import { CertificateError } from "../../ca/ca-error.js";
import type { GivenTrust, GivenTrustSource } from "../../ca/trust/given-trust.js";
import { repeat } from "../repeat.js";

/** What is needed to follow them. */
export interface GivenTrustOptions {
  readonly source: GivenTrustSource;
  readonly authority: Pick<Authority, "authorities">;
  /** Told of what they say whenever they were changed. */
  readonly onChange: (given: GivenTrust) => void;
  /** Told what is wrong, once until it changes; what was in force stays. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

/** How often the files are looked at, in milliseconds. */
const STEP_MS = 1000;

/** Files that are followed. */
export interface FollowedTrust {
  /** What is in force now. */
  readonly given: () => GivenTrust;
  /** Resolves when the step that was being taken is over. */
  readonly stop: () => Promise<void>;
}

/**
 * Reads the files once, and again whenever they are changed.
 * @throws StateFileError, CertificateError when they cannot be read at first
 */
export async function followGivenTrust(options: GivenTrustOptions): Promise<FollowedTrust> {
  const { source, authority, onChange, onError, clock } = options;
  let version = await source.version();
  let given = await source.read();
  const step = async (): Promise<void> => {
    const latest = await source.version();
    if (latest !== version) {
      given = await source.read();
      version = latest;
      onChange(given);
    }
    assertCovers(given, authority);
  };
  assertCovers(given, authority);
  const stop = repeat({ step, everyMs: STEP_MS, onError, clock });
  return { given: () => given, stop };
}

/** Lists that lack one of an authority are not in force, which must not go unsaid. */
function assertCovers(
  { revocations }: GivenTrust,
  { authorities }: GivenTrustOptions["authority"],
) {
  const missing = revocations.without(authorities);
  if (missing.length === 0) return;
  throw new CertificateError(
    "certificate-file",
    `there is no revocation list of ${missing.join(" and ")}: proxies are given none until there is one of every authority`,
  );
}
