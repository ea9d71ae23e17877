import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { INGRESS_CLASS } from "../kinds/kubernetes/ingress.js";
import type { ResourceOf } from "../kinds.js";
import { keyOf } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";
import { REFERENCE_CODE, type References, warnings } from "./dangling.js";
import { createNames } from "./resource-names.js";

/** The check of the classes of Ingresses: one that is not there says of nobody that they serve it. */
export function createIngressClassCheck(
  engine: Engine,
): (tables: ResourceTables) => Table<References> {
  const classes = createNames<"IngressClass">(engine, "known ingress classes");
  const check = engine.derive(
    "classes of Ingress",
    (_key, [ingress]: readonly [ResourceOf<"Ingress"> | undefined], known: Table<true>) =>
      ingress && checkClass(ingress, known),
    isDeepStrictEqual,
  );
  return (tables) => check([tables.Ingress], classes([tables.IngressClass]));
}

function checkClass(
  { metadata, spec: { ingressClassName } }: ResourceOf<"Ingress">,
  known: Table<true>,
): References | undefined {
  if (ingressClassName === undefined || INGRESS_CLASS in metadata.annotations) return undefined;
  if (known.get(keyOf({ namespace: "", name: ingressClassName })) === true) return undefined;
  const message = `there is no IngressClass "${ingressClassName}": nobody serves the Ingress`;
  const path = ["spec", "ingressClassName"];
  return warnings([{ path, code: REFERENCE_CODE, message, severity: "warning" }]);
}
