/** Whose Gateways of the Gateway API are fairlead's. */
import { memberOf } from "../../base/member-of.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../kinds.js";
import { keyOf } from "../resource.js";

type GatewayClasses = Table<ResourceOf<"GatewayClass">>;

/** The controller of the classes whose Gateways are gateways of the mesh. */
const CONTROLLER = "istio.io/gateway-controller";

/** The controllers of the classes that there are without a resource. See Istio, builtinClasses. */
const BUILT_IN: Readonly<Partial<Record<string, string>>> = {
  istio: CONTROLLER,
  "istio-remote": "istio.io/unmanaged-gateway",
  "istio-waypoint": "istio.io/mesh-controller",
  "istio-east-west": "istio.io/eastwest-controller",
};

/** What becomes of the Gateways of a class. */
export type ClassMeaning =
  /** They are gateways of the mesh. */
  | "served"
  /** Those are of another kind of mesh: waypoints, and gateways that run elsewhere. */
  | "unsupported"
  /** They are another controller's. */
  | "foreign"
  /** There is no such class. */
  | "unknown";

/** What becomes of the Gateways of a class, by its name. */
export function meaningOfClass(name: string, classes: GatewayClasses): ClassMeaning {
  const own = classes.get(keyOf({ namespace: "", name }));
  const controller = own?.spec.controllerName ?? memberOf(BUILT_IN, name);
  if (controller === undefined) return "unknown";
  if (controller === CONTROLLER) return "served";
  return Object.values(BUILT_IN).includes(controller) ? "unsupported" : "foreign";
}
