import type { Path } from "../../kind.js";
import {
  list,
  mapOf,
  NonEmptyText,
  oneOf,
  optional,
  PortNumber,
  strict,
  Text,
  type ValueOf,
} from "../value/fields.js";
import { doubtful, each, type Findings, given, invalid } from "../value/findings.js";
import { checkReference } from "./names.js";

/** A resource with a certificate; a Secret when it does not say, of the Gateway's namespace. */
export type CertificateRef = ValueOf<typeof CertificateRef>;
const CertificateRef = strict({
  group: optional(Text),
  kind: optional(Text),
  name: NonEmptyText,
  namespace: optional(Text),
});

/** How a listener speaks TLS: it ends there unless it is passed through. */
export type ListenerTls = ValueOf<typeof ListenerTls>;
export const ListenerTls = strict({
  mode: optional(oneOf("Terminate", "Passthrough")),
  certificateRefs: optional(list(CertificateRef, 64)),
  options: optional(mapOf(Text, 16)),
});

/** The roots from which the certificates of clients have to come. */
export type FrontendValidation = ValueOf<typeof FrontendValidation>;
const FrontendValidation = strict({
  caCertificateRefs: list(
    strict({ group: Text, kind: NonEmptyText, name: NonEmptyText, namespace: optional(Text) }),
    8,
  ),
  mode: optional(oneOf("AllowValidOnly", "AllowInsecureFallback")),
});

const ClientTls = strict({ validation: optional(FrontendValidation) });

/** What a Gateway asks of the certificates of its clients, and with which one it calls backends. */
export const GatewayTls = strict({
  backend: optional(strict({ clientCertificateRef: optional(CertificateRef) })),
  frontend: optional(
    strict({
      default: ClientTls,
      perPort: optional(list(strict({ port: PortNumber, tls: ClientTls }), 64)),
    }),
  ),
});

/** Certificates by name, and some of them where TLS ends. */
export function* checkListenerTls(tls: ListenerTls, path: Path): Findings {
  const { mode = "Terminate", certificateRefs = [], options = {} } = tls;
  yield* each(certificateRefs, [...path, "certificateRefs"], checkReference);
  if (mode === "Terminate" && certificateRefs.length + Object.keys(options).length === 0) {
    yield invalid([...path, "certificateRefs"], "TLS that ends here needs a certificate");
  }
}

/** Roots by name. */
export function* checkGatewayTls(tls: ValueOf<typeof GatewayTls>, path: Path): Findings {
  const { backend, frontend } = tls;
  yield* given(
    backend?.clientCertificateRef,
    [...path, "backend", "clientCertificateRef"],
    checkReference,
  );
  const at = [...path, "frontend"];
  yield* given(frontend?.default.validation, [...at, "default", "validation"], checkValidation);
  yield* each(frontend?.perPort, [...at, "perPort"], ({ tls: { validation } }, place) =>
    given(validation, [...place, "tls", "validation"], checkValidation),
  );
}

function* checkValidation({ caCertificateRefs, mode }: FrontendValidation, path: Path): Findings {
  yield* each(caCertificateRefs, [...path, "caCertificateRefs"], checkReference);
  if (mode === "AllowInsecureFallback") {
    // Who shows a certificate is told to applications and to policies: it has to be one that was verified.
    const message = "clients need no certificate here, but one that is not verified is refused";
    yield doubtful([...path, "mode"], message);
  }
}
