import type { Path } from "../../kind.js";
import { NonEmptyText, optional, PortNumber, strict, Text, type ValueOf } from "../value/fields.js";
import { type Findings, invalid } from "../value/findings.js";
import { checkReference } from "./names.js";
import { upTo } from "./numbers.js";

/** The fields that name where requests or connections go. */
export const BACKEND_FIELDS = {
  /** Core when absent. */
  group: optional(Text),
  /** Service when absent. */
  kind: optional(Text),
  name: NonEmptyText,
  /** The route's when absent. */
  namespace: optional(Text),
  /** Has to be given for a Service. */
  port: optional(PortNumber),
};

/** Where requests or connections go. */
export type BackendObjectReference = ValueOf<typeof BackendObjectReference>;
export const BackendObjectReference = strict(BACKEND_FIELDS);

/** Out of the sum of weights; 1 when absent, 0 for none. */
export const Weight = optional(upTo(1_000_000));

/** One of the backends that connections are spread over by weight. */
export type BackendRef = ValueOf<typeof BackendRef>;
export const BackendRef = strict({ ...BACKEND_FIELDS, weight: Weight });

/** A backend that is named rightly: a Service with its port. */
export function* checkBackend(backend: BackendObjectReference, path: Path): Findings {
  const { group, kind, name, namespace } = backend;
  yield* checkReference(
    {
      name,
      ...(group === undefined ? {} : { group }),
      ...(kind === undefined ? {} : { kind }),
      ...(namespace === undefined ? {} : { namespace }),
    },
    path,
  );
  const isService = (group ?? "") === "" && (kind ?? "Service") === "Service";
  if (isService && backend.port === undefined) {
    yield invalid([...path, "port"], "a Service as backend needs its port");
  }
}
