import type { Path } from "../../../kind.js";
import { namespaceProblem } from "../../value/addresses.js";
import { domainProblem, isDnsLabel } from "../../value/dns-names.js";
import { doubtful, type Findings, refuse, tolerate } from "../../value/findings.js";

/**
 * Gateways by `namespace/name`, by `name` in the own namespace, or `mesh` for all sidecars. What is behind one without a
 * namespace is doubtful at most, because Istio looks no further (validateGatewayNames).
 */
export function* checkGatewayNames(names: readonly string[] = [], path: Path): Findings {
  let looks = true;
  for (const [index, name] of names.entries()) {
    const findings = checkGatewayName(name, [...path, index]);
    yield* looks ? findings : tolerate(findings);
    looks &&= name.includes("/");
  }
}

function* checkGatewayName(name: string, path: Path): Findings {
  const slash = name.indexOf("/");
  if (slash < 0) {
    yield* refuse(path, domainProblem(name));
    const [gateway = "", namespace] = name.split(".");
    if (namespace !== undefined) {
      yield doubtful(path, `the form "${name}" is old: write "${namespace}/${gateway}"`);
    }
    return;
  }
  const gateway = name.slice(slash + 1);
  yield* refuse(path, namespaceProblem(name.slice(0, slash)));
  yield* refuse(path, isDnsLabel(gateway) ? undefined : `"${gateway}" is no name of a gateway`);
}

/**
 * The key (`namespace/name`) of a Gateway that a resource names: `name`, `namespace/name`, `./name`, or the older
 * `name.namespace` and `name.namespace.svc.cluster.local`. See Istio, resolveGatewayName.
 */
export function gatewayKey(name: string, namespace: string): string {
  if (name.includes("/")) return name.startsWith("../../") ? `${namespace}${name.slice(1)}` : name;
  const [first = "", second] = name.split(".");
  return `${second ?? namespace}/${first}`;
}
