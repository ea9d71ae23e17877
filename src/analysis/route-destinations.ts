import type { Path } from "../config/kind.js";
import type { Destination } from "../config/kinds/networking/virtual-service/destination.js";
import type { Draft } from "./draft.js";
import type { AnalyzedOf } from "./resources.js";

/** A destination of a VirtualService. */
export interface RouteDestination {
  readonly destination: Draft<Destination>;
  readonly path: Path;
}

/** The destinations of a VirtualService: those of its routes, then those to which requests are mirrored. */
export function destinationsOf({
  spec,
}: AnalyzedOf<"VirtualService">): readonly RouteDestination[] {
  const { http = [], tcp = [], tls = [] } = spec;
  const routes = [
    ...tcp.flatMap(({ route }, i) => placed(route, ["spec", "tcp", i, "route"])),
    ...tls.flatMap(({ route }, i) => placed(route, ["spec", "tls", i, "route"])),
    ...http.flatMap(({ route }, i) => placed(route, ["spec", "http", i, "route"])),
  ];
  const mirrored = http.flatMap(({ mirror, mirrors }, i) => {
    const path = ["spec", "http", i, "mirror"];
    const single = mirror === undefined ? [] : [{ destination: mirror, path }];
    return [...single, ...placed(mirrors, ["spec", "http", i, "mirrors"])];
  });
  return [...routes, ...mirrored];
}

function placed(
  list: readonly { readonly destination?: Draft<Destination> }[] = [],
  path: Path,
): readonly RouteDestination[] {
  return list.map(({ destination = {} }, index) => {
    return { destination, path: [...path, index, "destination"] };
  });
}
