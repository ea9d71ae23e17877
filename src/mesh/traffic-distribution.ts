/** The annotation for what a Kubernetes Service has a field for, `spec.trafficDistribution`. */
const ANNOTATION = "networking.istio.io/traffic-distribution";

/** The second is the older name of the first. Which node a proxy is on nobody says here: the third comes to the same zone. */
const NEAR: readonly string[] = ["prefersamezone", "preferclose", "prefersamenode"];

/**
 * Whether callers of a service take the nearest endpoints: as its field says, else its annotation. Words that are none say
 * nothing. See Istio, model.GetTrafficDistribution.
 */
export function prefersNear(
  annotations: Readonly<Record<string, string>>,
  field: string | undefined = "",
): boolean {
  return [field, annotations[ANNOTATION] ?? ""].some((word) => NEAR.includes(word.toLowerCase()));
}
