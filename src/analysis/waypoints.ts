import { USE_WAYPOINT, usesWaypoint } from "../config/kinds/networking/service-entry.js";
import type { Analyzed, Resources } from "./resources.js";

/** Tells whether a Service or ServiceEntry is behind a waypoint: by its own label, else by that of its namespace. */
export function createWaypointFilter(
  resources: Resources,
): (service: Pick<Analyzed, "namespace" | "labels">) => boolean {
  const namespaces = new Set(
    resources
      .all("Namespace")
      .filter(({ labels }) => usesWaypoint(labels))
      .map(({ name }) => name),
  );
  return ({ namespace, labels }) =>
    USE_WAYPOINT in labels ? usesWaypoint(labels) : namespaces.has(namespace);
}
