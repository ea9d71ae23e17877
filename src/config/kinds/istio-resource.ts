import type { Finding } from "../kind.js";
import type { ConfigResource } from "../resource.js";
import { doubtful, type Findings, invalid } from "./value/findings.js";

/** The annotation that asks for an AuthorizationPolicy's decisions to be logged and not enforced. */
export const DRY_RUN = "istio.io/dry-run";

/** Istio's check of what it is asked about refuses this, to see that it is asked. */
const ALWAYS_REJECT = "internal.istio.io/webhook-always-reject";

/** What Istio notes on the resources that it makes of others, where they widen what these may use; here they do nothing. */
const OF_MADE: readonly string[] = [
  "internal.istio.io/parents",
  "internal.istio.io/parent-namespace",
];

/** The check of a kind of Istio's: its own rules, and the annotations that only other kinds may have. */
export function checkedByIstio<Spec>(
  check: (resource: ConfigResource<Spec>) => Findings,
): (resource: ConfigResource<Spec>) => readonly Finding[] {
  return (resource) => [
    ...checkDryRun(resource),
    ...checkInternalAnnotations(resource),
    ...check(resource),
  ];
}

/** The annotations that nobody but Istio may set. */
export function* checkInternalAnnotations({ metadata }: ConfigResource): Findings {
  const { annotations } = metadata;
  const at = (name: string) => ["metadata", "annotations", name];
  if (ALWAYS_REJECT in annotations) {
    yield invalid(at(ALWAYS_REJECT), "the annotation asks for the resource to be refused");
  }
  for (const name of OF_MADE.filter((one) => one in annotations)) {
    yield doubtful(at(name), "the annotation is for Istio itself, which takes it from nobody");
  }
}

function* checkDryRun({ kind, metadata }: ConfigResource): Findings {
  if (DRY_RUN in metadata.annotations) {
    const path = ["metadata", "annotations", DRY_RUN];
    yield invalid(path, `a ${kind} has no dry run: only an AuthorizationPolicy has`);
  }
}
