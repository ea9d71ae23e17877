/** An independent reading of the Gateway API's reference: what becomes of a request in a world. */
import type { HttpRequest } from "../routing/objects.js";
import { atGateway } from "./at-gateway.js";
import { inMesh } from "./in-mesh.js";
import type { World } from "./objects.js";
import type { Verdict } from "./verdict.js";

/** Who asks: somebody outside, at a Gateway, or an application of a namespace, by its sidecar. */
export type Asked =
  | {
      readonly from: "gateway";
      /** `namespace/name`. */
      readonly gateway: string;
      readonly serverName: string | undefined;
      readonly request: HttpRequest;
    }
  | { readonly from: "a" | "b"; readonly request: HttpRequest };

/** What becomes of a request; undefined where the Gateway API says nothing of it. */
export function model(world: World, asked: Asked): Verdict | undefined {
  if (asked.from !== "gateway") return inMesh(world, asked.from, asked.request);
  const gateway = world.gateways.find(
    ({ metadata }) => `${metadata.namespace}/${metadata.name}` === asked.gateway,
  );
  const { serverName, request } = asked;
  return gateway && atGateway(world, gateway, { port: request.port, serverName }, request);
}
