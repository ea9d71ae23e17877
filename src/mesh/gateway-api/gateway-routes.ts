/** Routes of the Gateway API at listeners of Gateways: a VirtualService for each host of each listener. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { keyOf } from "../../config/resource.js";
import type { VirtualServiceResource } from "../made-of.js";
import { type AttachedRoute, mergedVirtualService } from "./attached-route.js";

/** Adds what the routes at listeners mean: VirtualServices by `namespace/name`. */
export function createGatewayRoutes(
  engine: Engine,
): (attached: Table<AttachedRoute>) => Table<VirtualServiceResource> {
  const byPlace = engine.group<AttachedRoute>("routes by listener and host", ({ parent, rules }) =>
    parent.kind === "KubernetesGateway" ? [`${parent.key} ${parent.host} ${rules.protocol}`] : [],
  );
  const made = engine.derive<[Table<AttachedRoute>], [], Table<VirtualServiceResource>>(
    "virtual services of routes at listeners",
    (place, [attached]) => attached && virtualServiceAt(place, [...attached.values()]),
  );
  const all = engine.flatten<VirtualServiceResource>("all virtual services of routes at listeners");
  return (attached) => all(made([byPlace(attached)]));
}

function virtualServiceAt(
  place: string,
  attached: readonly AttachedRoute[],
): Table<VirtualServiceResource> | undefined {
  const [gateway = "", host = "", protocol = ""] = place.split(" ");
  const name = [...gateway.split("/"), ...(protocol === "http" ? [] : [protocol]), host].join("~");
  const made = mergedVirtualService(attached, { name, host, gateway });
  return made && Table.from([[keyOf(made.metadata), made]]);
}
