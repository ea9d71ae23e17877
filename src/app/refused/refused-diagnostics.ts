/** What is said of the resources that proxies refuse, and of the configuration that made them. */
import { compareDiagnostics, type Diagnostic } from "../../base/diagnostic.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { showable } from "../../config/yaml/lines.js";
import { awaitedFiles } from "../../console/awaited-files.js";
import { shortName } from "../../debug/sync-state.js";
import { blameFor, placeOf } from "../../envoy/diagnostics/refusals.js";
import type { RefusedResource } from "./refused-resources.js";

const CODE = "refused-by-proxy";

const MAX_NAMES = 3;
/** A mesh in which more is refused has one cause for most of it; and what is refused clients choose, and in what words. */
const MAX_DIAGNOSTICS = 100;
const MAX_NAME_LENGTH = 200;

/** Of many resources so many, and how many more there are. */
export function refusedDiagnostics(
  refused: readonly RefusedResource[],
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
): readonly Diagnostic[] {
  if (refused.length <= MAX_DIAGNOSTICS) return each(refused, snapshot);
  // The same are told when others come and go.
  const told = refused.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, MAX_DIAGNOSTICS);
  const more = refused.length - told.length;
  const message = `proxies refuse ${String(more)} more resources`;
  return [{ severity: "error", code: CODE, message }, ...each(told, snapshot)];
}

function each(
  refused: readonly RefusedResource[],
  snapshot: Pick<ConfigSnapshot, "tables" | "locate">,
): readonly Diagnostic[] {
  return refused
    .map(({ typeUrl, name, error, resource, files, proxies }): Diagnostic => {
      const [refuse, go] = proxies.size === 1 ? ["refuses", "goes"] : ["refuse", "go"];
      const what = `${shortName(typeUrl)} ${shortened(name)}`;
      const words = showable(`${error.trim()}${awaitedFiles(files)}`);
      return {
        severity: "error",
        code: CODE,
        message: `${namesOf(proxies)} ${refuse} ${what}, and ${go} on with the version before: ${words}`,
        ...placeOf(blameFor(resource), snapshot),
      };
    })
    .sort(compareDiagnostics);
}

function namesOf(proxies: ReadonlySet<string>): string {
  const names = [...proxies].sort();
  const shown = names.slice(0, MAX_NAMES).map(shortened).join(", ");
  const more = names.length - MAX_NAMES;
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
}

function shortened(name: string): string {
  const shown = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}...` : name;
  return showable(shown);
}
