import { parseLevelList } from "../../options/level-list.js";

/** Envoy's words for levels. */
const LEVELS = ["trace", "debug", "info", "warning", "error", "critical", "off"];

/** Reads levels of an Envoy's loggers; `warn` is `warning`. */
export const parseLogLevels = parseLevelList({
  levels: LEVELS,
  synonyms: { warn: "warning" },
  of: "LOGGER",
});
