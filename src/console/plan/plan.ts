/** What a change of the configuration does, before anyone does it. */

import { type Diagnostic, diagnosticLines } from "../../base/diagnostic.js";
import { counted } from "../../base/text/counted.js";
import { type JsonDifference, shownValue } from "../json-differences.js";
import type { EnvoyChange } from "./envoy-changes.js";
import type { ProxyGroup } from "./proxy-groups.js";
import type { ResourceChange } from "./resource-changes.js";

/** See the top of this file. */
export interface Plan {
  readonly resources: readonly ResourceChange[];
  /** Those that are sent something. */
  readonly groups: readonly ProxyGroup[];
  /** How many proxies there are. */
  readonly proxies: number;
  readonly newDiagnostics: readonly Diagnostic[];
  readonly clearedDiagnostics: readonly Diagnostic[];
}

/** How many places of one resource are shown to people. */
const MAX_PLACES = 6;
const MAX_NAMES = 4;

/** Whether there is anything in it. */
export function isEmpty(plan: Plan): boolean {
  const { resources, groups, newDiagnostics, clearedDiagnostics } = plan;
  return [resources, groups, newDiagnostics, clearedDiagnostics].every((list) => list.length === 0);
}

/** A plan as people read it. */
export function formatPlan(plan: Plan): readonly string[] {
  if (isEmpty(plan)) return ["Nothing changes."];
  const sections = [
    plan.resources.flatMap(resourceLines),
    ...plan.groups.map(groupLines),
    findingLines("New findings:", plan.newDiagnostics),
    findingLines("Findings that are gone:", plan.clearedDiagnostics),
    [summaryOf(plan)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

const SIGNS = { added: "+", changed: "~", removed: "-" } as const;

function resourceLines({ resource, action, position, words }: ResourceChange): readonly string[] {
  const place = position === undefined ? "" : ` (${position.file}:${position.line})`;
  return [`${SIGNS[action]} ${resource}${place}`, ...words.map((word) => `    ${word}`)];
}

function groupLines({ proxies, changes }: ProxyGroup): readonly string[] {
  return [`${namesOf(proxies)}:`, ...changes.flatMap(changeLines)];
}

function namesOf(proxies: readonly string[]): string {
  if (proxies.length <= MAX_NAMES) return proxies.join(", ");
  const others = proxies.length - MAX_NAMES + 1;
  return `${proxies.slice(0, MAX_NAMES - 1).join(", ")} and ${others} others`;
}

function changeLines({ type, name, action, places }: EnvoyChange): readonly string[] {
  const more = places.length - MAX_PLACES;
  return [
    `  ${SIGNS[action]} ${type} ${name}`,
    ...places.slice(0, MAX_PLACES).map((place) => `      ${placeLine(place)}`),
    ...(more > 0 ? [`      and ${more} more`] : []),
  ];
}

const placeLine = ({ path, before, after }: JsonDifference): string =>
  `${path}: ${shownValue(before)} -> ${shownValue(after)}`;

function findingLines(heading: string, diagnostics: readonly Diagnostic[]): readonly string[] {
  if (diagnostics.length === 0) return [];
  return [heading, ...diagnostics.flatMap(diagnosticLines)];
}

function summaryOf({ resources, groups, proxies, newDiagnostics }: Plan): string {
  const concerned = groups.reduce((sum, group) => sum + group.proxies.length, 0);
  return (
    `${counted(resources.length, "resource")} of the configuration, ` +
    `${concerned} of ${counted(proxies, "proxy")}, ${counted(newDiagnostics.length, "new finding")}`
  );
}
