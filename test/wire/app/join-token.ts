/** A token by which a proxy of a test joins. */
import type { ControlPlane } from "../../../src/app.js";

/** What a token may be used for, beside the account that it is for. */
interface TokenUse {
  /** 1 when absent. */
  readonly uses?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A token for a service account (`namespace/name`) that lasts longer than any test. */
export function joinToken(
  controlPlane: Pick<ControlPlane, "createToken">,
  account = "default/default",
  { uses = 1, labels }: TokenUse = {},
): Promise<string> {
  const [namespace = "", serviceAccount = ""] = account.split("/");
  return controlPlane.createToken({
    ...{ namespace, serviceAccount, ttlMs: 60_000, uses },
    ...(labels && { labels }),
  });
}
