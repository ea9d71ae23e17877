import { memberOf } from "../../base/member-of.js";
import { formatLabels } from "../../base/text/format-labels.js";
import { limitedAscii } from "../../base/text/limited-ascii.js";
import { status } from "../../grpc/status-code.js";
import type { Proof } from "./proof.js";

/** Who a node says that it is. */
export interface NodeClaim {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether a node may say so. */
export type Authorization =
  | { readonly kind: "allowed" }
  | {
      readonly kind: "denied";
      readonly code: typeof status.PERMISSION_DENIED;
      /** For the peer and our log: what it claims and what it proved, and what to change. */
      readonly message: string;
    };

/** A node may only claim the namespace and service account that it proved, and labels that its proof allows. */
export function authorizeNode(proof: Proof, claim: NodeClaim): Authorization {
  const same = proof.namespace === claim.namespace && proof.serviceAccount === claim.serviceAccount;
  if (!same) {
    const proven = `${proof.namespace}/${proof.serviceAccount}`;
    const claimed = `${limitedAscii(claim.namespace)}/${limitedAscii(claim.serviceAccount)}`;
    return denied(
      `the node claims service account ${claimed}, but its ${proof.method} is for ${proven}: ` +
        "make the bootstrap and the join token for the same one",
    );
  }
  const outside = outsideLabel(proof, claim);
  if (outside === undefined) return { kind: "allowed" };
  return denied(
    `the node claims label ${limitedAscii(outside)}, but its ${proof.method} is for the labels ` +
      `${formatLabels(proof.labels ?? {})}: make the bootstrap and the join token for the same ones`,
  );
}

/** A label of the claim that the proof does not allow. */
function outsideLabel({ labels }: Proof, claim: NodeClaim): string | undefined {
  if (labels === undefined) return undefined;
  const outside = Object.entries(claim.labels).find(
    ([key, value]) => memberOf(labels, key) !== value,
  );
  return outside?.join("=");
}

function denied(message: string): Authorization {
  return { kind: "denied", code: status.PERMISSION_DENIED, message };
}
