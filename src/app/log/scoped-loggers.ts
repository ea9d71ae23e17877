/** The loggers of a control plane, one for each scope, whose levels can be changed while it runs. */
import type { Logger } from "pino";
import type { LogScope, LogScopes } from "../../debug/api/log-scopes.js";
import type { ScopeLevel } from "../../debug/api/scope-levels.js";

/** What is told apart in the log. */
const DESCRIPTIONS = {
  ads: "streams of proxies: who comes and goes, what they are sent and what they refuse",
  ca: "who is let in and trusted, and the certificates of workloads",
  config: "what changes in the configuration, and files that cannot be read or kept",
  debug: "who asks the debug API for what",
  default: "what is wrong with the configuration, and all else",
} as const;

type ScopeName = keyof typeof DESCRIPTIONS;

const NAMES = Object.keys(DESCRIPTIONS) as readonly ScopeName[];

/** A logger for each scope, and how much each writes. */
export interface ScopedLoggers {
  readonly loggers: Readonly<Record<ScopeName, Logger>>;
  readonly scopes: LogScopes;
}

/** Loggers that write where one does: all that it writes itself is of the scope `default`. */
export function createScopedLoggers(logger: Logger): ScopedLoggers {
  const scoped = (scope: ScopeName): Logger => {
    const child = logger.child({ scope });
    // Else it goes by that of its parent, also when that changes; pino takes no level that is the same from its options.
    child.level = logger.level;
    return child;
  };
  const loggers = {
    ads: scoped("ads"),
    ca: scoped("ca"),
    config: scoped("config"),
    debug: scoped("debug"),
    default: logger,
  };
  const initial = levelOf(logger);
  return {
    loggers,
    scopes: {
      list: () =>
        NAMES.map(
          (name): LogScope => ({
            ...{ name, description: DESCRIPTIONS[name], initial },
            level: levelOf(loggers[name]),
          }),
        ),
      set: (levels) => {
        const changed = NAMES.flatMap((name): (readonly [ScopeName, ScopeLevel])[] => {
          const level = levels.get(name);
          return level === undefined || level === levelOf(loggers[name]) ? [] : [[name, level]];
        });
        if (changed.length === 0) return;
        const tell = (): void => {
          loggers.debug.info({ levels: Object.fromEntries(changed) }, "levels of the log change");
        };
        // Who has nothing logged from now on is in the log, and so is who has it logged again.
        const isTold = loggers.debug.isLevelEnabled("info");
        if (isTold) tell();
        for (const [name, level] of changed) loggers[name].level = PINO_WORDS[level] ?? level;
        if (!isTold) tell();
      },
    },
  };
}

/** Where pino has another word for it than Istio. */
const PINO_WORDS: Readonly<Partial<Record<ScopeLevel, string>>> = { none: "silent" };

function levelOf({ level }: Logger): ScopeLevel {
  return level === "silent" ? "none" : (level as ScopeLevel);
}
