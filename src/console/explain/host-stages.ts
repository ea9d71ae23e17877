/** What made virtual hosts and their routes, as stages. */
import type { RouteConfigurationJson, RouteJson } from "../../envoy/api.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import { describeMatch } from "../proxy-config/route-match.js";
import { type DecidedHost, decidedHost, type Holder } from "./decided-parts.js";
import type { Stage, Step } from "./explanation.js";
import { patchesIn, resourceDecisions } from "./provenance.js";
import type { Scene } from "./scene.js";
import { madeBy, step } from "./step.js";

/** A virtual host, with what made it first; nothing of one that every mesh has. */
export const hostStage = (scene: Scene, host: DecidedHost): Stage => ({
  title: `virtual host ${host.host.name ?? ""}`,
  steps: [...madeBy(scene, host.decisions), ...hostSteps(scene, host)],
  stages: [],
});

/** The domains of a virtual host, and where each of its routes leads and what made it. */
export function hostSteps(
  scene: Scene,
  { host: { domains = [] }, routes }: DecidedHost,
): readonly Step[] {
  return [
    step(scene, "domains", domains.join(", "), []),
    ...routes.map(({ route, decisions }) => {
      const says = `${describeMatch(route.match)} to ${targetOf(route)}`;
      return step(scene, "route", says, decisions);
    }),
  ];
}

function targetOf({ route, redirect, directResponse }: RouteJson): string {
  if (redirect !== undefined) return "a redirect";
  if (directResponse !== undefined) return `an answer of ${directResponse.status ?? 0}`;
  const weighted = route?.weightedClusters?.clusters ?? [];
  return (
    route?.cluster ?? weighted.map(({ name = "", weight = 0 }) => `${name} (${weight})`).join(", ")
  );
}

/** The virtual hosts of a table, of which those that are resources too know by themselves what made them. */
export function tableStages(
  holder: Holder,
  { name = "", virtualHosts = [] }: RouteConfigurationJson,
): readonly Stage[] {
  const { scene, proxy } = holder;
  const known = scene.resourcesOf(proxy).virtualHosts;
  return virtualHosts.map((host) => {
    const resource = known.get(`${name}/${host.name ?? ""}`);
    const about = resource && { resource, type: MESSAGE.virtualHost, json: host };
    const decisions = about === undefined ? [] : resourceDecisions(scene, about, proxy.namespace);
    return hostStage(scene, decidedHost(holder, host, decisions, patchesIn(resource)));
  });
}
