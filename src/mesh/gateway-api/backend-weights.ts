import type { BackendObjectReference } from "../../config/kinds/gateway-api/backends.js";
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import { type BackendContext, destinationOf } from "./backend.js";

/** A backend with its share. */
type Weighted = BackendObjectReference & { readonly weight?: number };

/** A backend and its share of requests or connections. The only one gets all of them, and has no weight. */
export interface SharedDestination<B> {
  readonly backend: B;
  readonly destination: Destination;
  readonly share: { readonly weight?: number };
}

/** The destinations of the backends that have a weight. */
export function sharedDestinations<B extends Weighted>(
  backends: readonly B[],
  context: BackendContext,
): readonly SharedDestination<B>[] {
  const receiving = backends.filter(({ weight = 1 }) => weight > 0);
  return receiving.map((backend) => {
    const { weight = 1 } = backend;
    return {
      backend,
      destination: destinationOf(backend, context),
      share: receiving.length === 1 ? {} : { weight },
    };
  });
}
