import type { Logger } from "pino";
import { formatRef } from "../../config/resource.js";
import type { Update } from "../update/update.js";

const MAX_NAMES = 20;

/** Writes what a change of files changed into the log, for those who look closely. */
export function logUpdate(
  logger: Logger,
  { changed, newDiagnostics, clearedDiagnostics }: Update,
): void {
  if (!logger.isLevelEnabled("debug")) return;
  const more = changed.length - MAX_NAMES;
  logger.debug(
    {
      changed: changed.slice(0, MAX_NAMES).map(({ ref, action }) => `${action} ${formatRef(ref)}`),
      ...(more > 0 ? { more } : {}),
      problems: newDiagnostics.length,
      mended: clearedDiagnostics.length,
    },
    "the configuration changed",
  );
}
