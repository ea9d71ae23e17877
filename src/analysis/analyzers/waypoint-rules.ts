import { overlaps, resolveShortName, serviceHostname } from "../../mesh/hostname.js";
import type { Analyzer } from "../analyzer.js";
import type { Resources } from "../resources.js";
import { createWaypointFilter } from "../waypoints.js";

const DOMAIN = "cluster.local";

/** DestinationRules for some workloads that call a service behind a waypoint, which does not know who calls. */
export const waypointRuleAnalyzer: Analyzer = {
  name: "destinationrule.WaypointWorkloadSelectorAnalyzer",
  description: "whether DestinationRules with a workloadSelector are for services behind waypoints",
  *analyze({ resources }) {
    const hosts = waypointHosts(resources);
    for (const resource of resources.all("DestinationRule")) {
      const { workloadSelector, host = "" } = resource.spec;
      const name = resolveShortName(host, resource.namespace, DOMAIN);
      const behind = hosts.find((one) => overlaps(name, one));
      if (workloadSelector === undefined || behind === undefined) continue;
      const message =
        `"${behind}" is behind a waypoint, and a rule with a workloadSelector does not count for what goes through it: ` +
        "leave the selector out";
      yield { resource, code: "IST0179", path: ["spec", "workloadSelector"], end: "name", message };
    }
  },
};

/** The hosts of the services that are behind waypoints. */
function waypointHosts(resources: Resources): readonly string[] {
  const isBehind = createWaypointFilter(resources);
  return [
    ...resources
      .all("Service")
      .filter(isBehind)
      .map(({ name, namespace }) => serviceHostname(name, namespace, DOMAIN)),
    ...resources
      .all("ServiceEntry")
      .filter(isBehind)
      .flatMap(({ spec }) => spec.hosts ?? []),
  ];
}
