import { kindsNamed, noSuchKind } from "../../config/kind-named.js";
import type { Kind } from "../../config/kinds.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";

/**
 * The kinds that a caller names, one at least.
 * @throws CallRefused when there is none
 */
export function namedKinds(word: string): readonly [Kind, ...Kind[]] {
  const [first, ...others] = kindsNamed(word);
  if (first === undefined) throw new CallRefused(status.INVALID_ARGUMENT, noSuchKind(word));
  return [first, ...others];
}
