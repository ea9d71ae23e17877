/**
 * Divides the hosts that callers see by locality load balancing: those balanced by it differ from one client locality to another.
 */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { balancesByLocality, type LocalityPolicy } from "../routing/locality-balancing.js";
import type { HostView } from "./host-view.js";

const isByLocality = ({ service, rule }: HostView, mesh: LocalityPolicy): boolean =>
  service !== undefined && balancesByLocality(service, rule, mesh);

/** Of the hosts that callers see those whose endpoints no caller prefers by where it is. */
export function createUniformViews(
  engine: Engine,
): (views: Table<HostView>, mesh: LocalityPolicy) => Table<HostView> {
  const derive = engine.derive<[HostView], [LocalityPolicy], HostView>(
    "hosts balanced alike everywhere",
    (_host, [view], mesh) => (view !== undefined && isByLocality(view, mesh) ? undefined : view),
  );
  return (views, mesh) => derive([views], mesh);
}

/** Of the hosts that callers see those of which some endpoints may be preferred by where the caller is. */
export function createLocalityViews(
  engine: Engine,
): (views: Table<HostView>, mesh: LocalityPolicy) => Table<HostView> {
  const derive = engine.derive<[HostView], [LocalityPolicy], HostView>(
    "hosts balanced by locality",
    (_host, [view], mesh) => (view !== undefined && isByLocality(view, mesh) ? view : undefined),
  );
  return (views, mesh) => derive([views], mesh);
}
