import { dump } from "js-yaml";

/** A value of JSON as YAML, its keys sorted as Kubernetes' tools do. */
export function formatYaml(value: unknown): string {
  return dump(value, { sortKeys: true, lineWidth: -1, noRefs: true });
}
