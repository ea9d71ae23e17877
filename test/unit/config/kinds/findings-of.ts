import { expect, it } from "vitest";
import { formatPath } from "../../../../src/config/format-path.js";
import type { Finding, KindDefinition } from "../../../../src/config/kind.js";
import { KINDS, type Kind } from "../../../../src/config/kinds.js";
import type { ResourceMetadata } from "../../../../src/config/resource.js";
import { validateResource } from "../../../../src/config/schema/schema.js";

/** All that is wrong with a resource of a kind, in the namespace `shop` unless `metadata` says otherwise. */
export function findingsOf(
  kind: Kind,
  spec: unknown,
  metadata: Partial<ResourceMetadata> = {},
): readonly Finding[] {
  const definition: KindDefinition<never> = KINDS[kind];
  const [version = ""] = definition.versions;
  return validateResource(definition, {
    kind,
    apiVersion: `${definition.group}/${version}`,
    metadata: { name: "one", namespace: "shop", labels: {}, annotations: {}, ...metadata },
    spec,
  });
}

/** The same in short: `severity path` for each, the severity of errors left out. */
export function shortFindingsOf(...args: Parameters<typeof findingsOf>): string[] {
  return findingsOf(...args).map(({ path, severity = "error" }) =>
    severity === "error" ? formatPath(path) : `${severity} ${formatPath(path)}`,
  );
}

/** A row of a table test: what it says, a spec, and the findings in short. */
type Row = readonly [title: string, spec: unknown, findings: readonly string[]];

/** One test for each row. */
export function tryRows(kind: Kind, rows: readonly Row[]): void {
  it.each(rows)("%s", (_, spec, findings) => {
    expect(shortFindingsOf(kind, spec)).toEqual(findings);
  });
}
