/** Which logs are written. Telemetry.accessLogging; how several entries go together is Istio's mergeLogs. */
import { isOf } from "./applied.js";
import type { AccessLogging, MeshConfig, Side, Telemetry } from "./objects.js";
import { PROVIDERS } from "./still-world.js";

/** A log, and which requests are in it. */
export interface Log {
  readonly path: string;
  readonly filter?: string;
}

type Files = Readonly<Record<string, string>>;

/** The paths of the providers that are logs; `envoy` is one of every mesh. */
const FILES: Files = {
  envoy: "/dev/stdout",
  ...Object.fromEntries(
    PROVIDERS.flatMap((one) =>
      "envoyFileAccessLog" in one ? [[one.name, one.envoyFileAccessLog.path]] : [],
    ),
  ),
};

const namesOf = ({ providers = [] }: AccessLogging): readonly string[] =>
  providers.map(({ name }) => name);

/** The providers that the most specific resource names that names any for this side, else those of the mesh. */
function inScope(levels: readonly (readonly AccessLogging[])[], side: Side, mesh: MeshConfig) {
  const named = levels.map((one) =>
    one.filter(({ match }) => isOf(side, match?.mode)).flatMap(namesOf),
  );
  return named.filter((one) => one.length > 0).at(-1) ?? mesh.defaultProviders.accessLogging ?? [];
}

/** What is said of a provider in the end: that it is off, or which requests it is told of. */
function verdictOf(
  name: string,
  entries: readonly AccessLogging[],
  side: Side,
  byDefault: readonly string[],
): { readonly isOff: boolean; readonly filter: string | undefined } | undefined {
  // Who names nobody speaks of those that were named last, on whatever side.
  const spokenOf = entries.map(
    (_, i) =>
      entries
        .slice(0, i + 1)
        .map(namesOf)
        .filter((one) => one.length > 0)
        .at(-1) ?? byDefault,
  );
  const ofSide = entries.filter(({ match }) => isOf(side, match?.mode));
  const last = ofSide.filter((one) => (spokenOf[entries.indexOf(one)] ?? []).includes(name)).at(-1);
  if (last === undefined) return undefined;
  const naming = ofSide.filter((one) => namesOf(one).includes(name)).at(-1);
  return { isOff: last.disabled === true, filter: naming?.filter?.expression };
}

/** The logs of one side, in the order of their providers' names. */
export function logsOf(
  specs: readonly Telemetry["spec"][],
  side: Side,
  mesh: MeshConfig,
): readonly Log[] {
  const levels = specs
    .map(({ accessLogging = [] }) => accessLogging)
    .filter((one) => one.length > 0);
  const byDefault = mesh.defaultProviders.accessLogging ?? [];
  const said = levels.length > 0;
  const all = [...new Set(inScope(levels, side, mesh))].sort().flatMap((name) => {
    const path = FILES[name];
    const verdict = said
      ? verdictOf(name, levels.flat(), side, byDefault)
      : { isOff: false, filter: undefined };
    return path === undefined || verdict === undefined ? [] : [{ path, ...verdict }];
  });
  // "If no Telemetry API … fall back to legacy mesh config setting": also where none of those named is a log.
  if (all.length === 0) return mesh.accessLogFile === "" ? [] : [{ path: mesh.accessLogFile }];
  return all
    .filter(({ isOff }) => !isOff)
    .map(({ path, filter }) => (filter === undefined ? { path } : { path, filter }));
}
