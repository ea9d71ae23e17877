import type { AnalyzedOf, Resources } from "./resources.js";

/** A gateway that a VirtualService names. */
export interface GatewayReference {
  readonly namespace: string;
  readonly name: string;
}

/** The gateway that a name in a resource of `namespace` stands for: `name`, `namespace/name` or `./name`. */
export function gatewayReference(text: string, namespace: string): GatewayReference {
  const [first = "", second] = text.split("/", 2);
  if (second === undefined) return { namespace, name: first };
  return { namespace: first === "." ? namespace : first, name: second };
}

/** The Gateway of a reference, if there is one. */
export function findGateway(
  resources: Resources,
  { namespace, name }: GatewayReference,
): AnalyzedOf<"Gateway"> | undefined {
  return resources.find("Gateway", namespace, name);
}
