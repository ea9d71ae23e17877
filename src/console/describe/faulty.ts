/** `describe`: resources that are for a host and are left out, because something is wrong with them. */
import type { Diagnostic } from "../../base/diagnostic.js";
import { formatRef, keyOf, type ResourceRef } from "../../config/resource.js";
import type { WrittenResource } from "../../config/written-resource.js";
import { resolveHost } from "../../mesh/host-resolver.js";
import { indented, type Subject, shortName } from "./subject.js";

/** The kinds that say how a service is called. */
const KINDS = ["DestinationRule", "VirtualService"] as const;

/**
 * What is written for a host, or leads to it, and has errors: it is not in force, or in an earlier version, or what is wrong in
 * it has no effect.
 */
export function describeFaulty(subject: Subject, hostname: string): readonly string[] {
  const { diagnostics, written, tables } = subject.snapshot;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return [];
  const all = written();
  return KINDS.flatMap((kind) =>
    all
      .filter((resource) => resource.kind === kind)
      .flatMap((resource) => {
        const ref = refOfWritten(resource);
        const own = errors.filter((error) => error.resource === formatRef(ref));
        if (own.length === 0 || !names(subject, resource, hostname)) return [];
        const standing = tables[kind].has(keyOf(ref)) ? "with errors" : "not in force";
        return [`${kind}: ${shortName(subject, ref)}, ${standing}`, ...indented(own.map(warning))];
      }),
  );
}

function warning({ message, position }: Diagnostic): string {
  const place = position === undefined ? "" : ` (${position.file}:${position.line})`;
  return `WARNING: ${message}${place}`;
}

function refOfWritten({ kind, document }: WrittenResource): ResourceRef {
  const { name = "", namespace = "default" } = (document["metadata"] ?? {}) as Partial<ResourceRef>;
  return { kind, name, namespace };
}

/** Whether it is for a host, or leads to it. */
function names({ mesh }: Subject, resource: WrittenResource, hostname: string): boolean {
  const { namespace } = refOfWritten(resource);
  return hostsIn(resource.document["spec"]).some(
    (host) => resolveHost(host, namespace, mesh.resolver) === hostname,
  );
}

/** The hosts in a spec of which nothing else is known: what stands at `host` and `hosts`, wherever. */
function hostsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const texts = name === "hosts" || name === "host" ? [member].flat() : [];
    return [
      ...texts.filter((text): text is string => typeof text === "string"),
      ...hostsIn(member),
    ];
  });
}
