import type { Path } from "../../../kind.js";
import { isDnsLabel, wildcardDomainProblem } from "../../value/dns-names.js";
import { NonEmptyText, optional, strict, Text, Uint32, type ValueOf } from "../../value/fields.js";
import { type Findings, given, invalid, refuse } from "../../value/findings.js";
import { checkPort } from "../../value/numbers.js";

/** A port by its number. */
export type PortSelector = ValueOf<typeof PortSelector>;
export const PortSelector = strict({ number: optional(Uint32) });

/** Where traffic goes: a service of the registry, perhaps one subset and one port of it (Istio's Destination). */
export type Destination = ValueOf<typeof Destination>;
export const Destination = strict({
  host: NonEmptyText,
  subset: optional(Text),
  port: optional(PortSelector),
});

/** A host that can be one, a subset that can be one and a port in range. */
export function* checkDestination(destination: Destination, path: Path): Findings {
  const { host, subset, port } = destination;
  if (host === "*") yield invalid([...path, "host"], "a destination cannot be every host");
  else yield* refuse([...path, "host"], wildcardDomainProblem(host));
  if (subset !== "") yield* given(subset, [...path, "subset"], checkSubsetName);
  yield* given(port, [...path, "port"], checkPortSelector);
}

/** A port that is given and in range. */
export function checkPortSelector(port: PortSelector, path: Path): Findings {
  return checkPort(port.number ?? 0, [...path, "number"]);
}

/** The name of a subset: a label of a domain name, because it becomes a part of one. */
export function checkSubsetName(name: string, path: Path): Findings {
  const rule = "letters, digits and inner hyphens, at most 63";
  return refuse(path, isDnsLabel(name) ? undefined : `"${name}" is no name of a subset: ${rule}`);
}
