/** The labels by which telemetry knows of what service, and of which revision of it, a workload is. See Istio, "Canonical Service". */

export const CANONICAL_NAME = "service.istio.io/canonical-name";
export const CANONICAL_REVISION = "service.istio.io/canonical-revision";
