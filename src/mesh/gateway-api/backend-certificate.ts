/** The certificates by which gateways show themselves to backends that speak TLS. See Gateway API, Gateway.spec.tls.backend. */
import type { Table } from "../../base/table/table.js";
import { type Labels, selects } from "../labels.js";

/** Who shows a certificate to backends: the workloads of a namespace that one of the selectors selects. */
export interface ShowingGateway {
  readonly namespace: string;
  readonly selectors: readonly Labels[];
  readonly credential: string;
}

/** By the keys of Gateways. */
export type BackendCertificates = Table<ShowingGateway>;

/** The credential that a gateway shows to backends; of several Gateways the first by name counts. */
export function backendCredentialFor(
  certificates: BackendCertificates,
  { namespace, labels }: { readonly namespace: string; readonly labels: Labels },
): string | undefined {
  return certificates
    .sorted()
    .find(
      ([, one]) =>
        one.namespace === namespace && one.selectors.some((selector) => selects(selector, labels)),
    )?.[1].credential;
}
