/** Which resource made a piece of an Envoy's configuration, read from the metadata that it has for that. */
import type { Path } from "../../config/kind.js";
import type { ResourceRef } from "../../config/resource.js";
import type { MetadataJson } from "../../envoy/api.js";
import { OWN_METADATA } from "../../envoy/names.js";
import { pathOfPart } from "../../mesh/made-of.js";

/** `/apis/networking.istio.io/v1/namespaces/NAMESPACE/KIND/NAME`, as Istio writes it. */
const CONFIG_PATH =
  /^\/apis\/(?:gateway\.)?networking\.(?:istio|k8s)\.io\/[^/]+\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/;

/**
 * The resource that made a piece of configuration, as `NAME.NAMESPACE`: its metadata names it. Empty when there is none,
 * `<unknown>` when it is named in another form.
 */
export function sourceResource(metadata: MetadataJson | undefined): string {
  const path = metadata?.filterMetadata?.["istio"]?.["config"];
  if (typeof path !== "string") return "";
  const [, namespace, , name] = CONFIG_PATH.exec(path) ?? [];
  return namespace === undefined || name === undefined ? "<unknown>" : `${name}.${namespace}`;
}

const KINDS: Readonly<Partial<Record<string, string>>> = {
  backendtlspolicy: "BackendTLSPolicy",
  "virtual-service": "VirtualService",
  "destination-rule": "DestinationRule",
  ingress: "Ingress",
  grpcroute: "GRPCRoute",
  httproute: "HTTPRoute",
  tcproute: "TCPRoute",
  tlsroute: "TLSRoute",
};

/** A part of a resource. */
export interface SourcePart {
  readonly ref: ResourceRef;
  readonly path: Path;
}

/** The part of a resource that made a piece of configuration, as far as its metadata says; undefined when it says nothing. */
export function sourcePart(metadata: MetadataJson | undefined): SourcePart | undefined {
  const { istio, [OWN_METADATA]: own } = metadata?.filterMetadata ?? {};
  return partAt(own?.["config"] ?? istio?.["config"], own?.["path"]);
}

/** The part of the delegate to which the part of the VirtualService left a route; undefined when it left it to none. */
export function delegatePart(metadata: MetadataJson | undefined): SourcePart | undefined {
  const delegate = metadata?.filterMetadata?.[OWN_METADATA]?.["delegate"];
  const { config, path } = (delegate ?? {}) as Readonly<Record<string, unknown>>;
  return partAt(config, path);
}

function partAt(config: unknown, path: unknown): SourcePart | undefined {
  const [, namespace = "", type = "", name = ""] =
    CONFIG_PATH.exec(typeof config === "string" ? config : "") ?? [];
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  return { ref: { kind, namespace, name }, path: typeof path === "string" ? pathOfPart(path) : [] };
}
