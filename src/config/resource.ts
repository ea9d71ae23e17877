/** The identity of a resource: what a diagnostic, a version or a piece of Envoy configuration refers to. */
export interface ResourceRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The part of `metadata` that means something here. */
export interface ResourceMetadata {
  readonly name: string;
  /** `default` when the file names none; `""` for kinds without a namespace. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339, when the file has one: Istio orders resources that compete by it. */
  readonly creationTimestamp?: string;
  /** What made it and looks after it, such as the ReplicaSet of a Pod. */
  readonly controller?: { readonly kind: string; readonly name: string };
}

/**
 * One resource as the user wrote it, typed and validated. Positions are kept elsewhere, so a moved comment changes nothing;
 * a resource equal to its predecessor *is* its predecessor.
 */
export interface ConfigResource<Spec = unknown, Status = unknown> {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: ResourceMetadata;
  /** The `spec` field; for kinds without one (Secret, ConfigMap, Endpoints, ...) all top-level fields of the kind. */
  readonly spec: Spec;
  /** Read for Pods alone: their address and readiness. */
  readonly status?: Status;
}

/** `namespace/name`, the key of a resource in the table of its kind. */
export function keyOf(ref: { readonly namespace: string; readonly name: string }): string {
  return `${ref.namespace}/${ref.name}`;
}

/** The reference to a resource. */
export function refOf(resource: ConfigResource): ResourceRef {
  const { namespace, name } = resource.metadata;
  return { kind: resource.kind, namespace, name };
}

/** `Kind name.namespace`, as Istio's analyzers print a resource; `Kind name` without a namespace. */
export function formatRef(ref: ResourceRef): string {
  return ref.namespace === ""
    ? `${ref.kind} ${ref.name}`
    : `${ref.kind} ${ref.name}.${ref.namespace}`;
}
