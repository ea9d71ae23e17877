import type { Finding } from "../kind.js";
import type { ConfigResource } from "../resource.js";
import { type Findings, invalid } from "./findings.js";

/** The annotation that asks for an AuthorizationPolicy's decisions to be logged and not enforced. */
export const DRY_RUN = "istio.io/dry-run";

/** The check of a kind of Istio's: its own rules, and the annotations that only other kinds may have. */
export function checkedByIstio<Spec>(
  check: (resource: ConfigResource<Spec>) => Findings,
): (resource: ConfigResource<Spec>) => readonly Finding[] {
  return (resource) => [...checkAnnotations(resource), ...check(resource)];
}

function* checkAnnotations({ kind, metadata }: ConfigResource): Findings {
  if (DRY_RUN in metadata.annotations) {
    const path = ["metadata", "annotations", DRY_RUN];
    yield invalid(path, `a ${kind} has no dry run: only an AuthorizationPolicy has`);
  }
}
