import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";
import { balancesByPlace, type Placing } from "../routing/locality-balancing.js";
import type { HostView } from "./host-view.js";

const isPlaced = ({ service, rule }: HostView, mesh: Placing): boolean =>
  service !== undefined && balancesByPlace(service, rule, mesh);

/** Of the hosts that callers see those whose endpoints no caller prefers by where it is. */
export function createUnplacedViews(
  engine: Engine,
): (views: Table<HostView>, mesh: Placing) => Table<HostView> {
  const derive = engine.derive<[HostView], [Placing], HostView>(
    "hosts balanced alike everywhere",
    (_host, [view], mesh) => (view !== undefined && isPlaced(view, mesh) ? undefined : view),
  );
  return (views, mesh) => derive([views], mesh);
}

/** Of the hosts that callers see those of which some endpoints may be preferred by where the caller is. */
export function createPlacedViews(
  engine: Engine,
): (views: Table<HostView>, mesh: Placing) => Table<HostView> {
  const derive = engine.derive<[HostView], [Placing], HostView>(
    "hosts balanced by place",
    (_host, [view], mesh) => (view !== undefined && isPlaced(view, mesh) ? view : undefined),
  );
  return (views, mesh) => derive([views], mesh);
}
