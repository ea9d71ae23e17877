import type { Path } from "../config/kind.js";
import type { ResourceRef } from "../config/resource.js";
import type { MetadataJson } from "../envoy/api.js";
import { OWN_METADATA } from "../envoy/names.js";

/** `/apis/networking.istio.io/v1/namespaces/NAMESPACE/KIND/NAME`, as Istio writes it. */
const CONFIG_PATH = /^\/apis\/networking\.istio\.io\/[^/]+\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/;

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
  "virtual-service": "VirtualService",
  "destination-rule": "DestinationRule",
};

/** The part of a resource that made a piece of configuration, as far as its metadata says; undefined when it says nothing. */
export function sourcePart(
  metadata: MetadataJson | undefined,
): { readonly ref: ResourceRef; readonly path: Path } | undefined {
  const { istio, [OWN_METADATA]: own } = metadata?.filterMetadata ?? {};
  const text = istio?.["config"];
  const [, namespace = "", type = "", name = ""] =
    CONFIG_PATH.exec(typeof text === "string" ? text : "") ?? [];
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  const path = own?.["path"];
  return { ref: { kind, namespace, name }, path: typeof path === "string" ? parsePath(path) : [] };
}

/** `http[1].match[0]` as the path in a resource that it is. */
const parsePath = (text: string): Path => [
  "spec",
  ...[...text.matchAll(/([a-zA-Z]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index)),
];
