/** How much is logged of what. */
import type {
  ListLogScopesResponseJson,
  LogScopeJson,
  SetLogLevelsRequestJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { didYouMean } from "../../base/text/closest-word.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { SCOPE_LEVELS, type ScopeLevel } from "./scope-levels.js";

/** What is logged of one subject. */
export interface LogScope {
  readonly name: string;
  readonly description: string;
  readonly level: ScopeLevel;
  /** What it had when the control plane was started. */
  readonly initial: ScopeLevel;
}

/** What there is of them, and how it is changed. */
export interface LogScopes {
  list(): readonly LogScope[];
  /** By the names of scopes; the others stay as they are. */
  set(levels: ReadonlyMap<string, ScopeLevel>): void;
}

/** What there is, for who asks. */
export function listLogScopes(scopes: LogScopes): ListLogScopesResponseJson {
  return {
    scopes: scopes
      .list()
      .map(({ name, description, level }): LogScopeJson => ({ name, description, level })),
  };
}

/**
 * Changes what a request names.
 * @throws CallRefused when there is no such scope or level; nothing is changed then
 */
export function setLogLevels(
  scopes: LogScopes,
  { reset = false, level = "", levels = {} }: SetLogLevelsRequestJson,
): ListLogScopesResponseJson {
  const known = scopes.list();
  const named = Object.entries(levels).map(
    ([name, one]) => [scopeNamed(name, known), levelNamed(one)] as const,
  );
  const all = level === "" ? undefined : levelNamed(level);
  const changed = known.flatMap(({ name, initial }): (readonly [string, ScopeLevel])[] => {
    if (all !== undefined) return [[name, all]];
    return reset ? [[name, initial]] : [];
  });
  scopes.set(new Map([...changed, ...named]));
  return listLogScopes(scopes);
}

function scopeNamed(name: string, known: readonly LogScope[]): string {
  const names = known.map((one) => one.name);
  if (names.includes(name)) return name;
  const message = `there is no scope "${name}" of the log${didYouMean(name, names)}`;
  throw new CallRefused(status.INVALID_ARGUMENT, message);
}

function levelNamed(text: string): ScopeLevel {
  const level = SCOPE_LEVELS.find((one) => one === text);
  if (level !== undefined) return level;
  const message = `"${text}" is no level of the log: those are ${SCOPE_LEVELS.join(", ")}`;
  throw new CallRefused(status.INVALID_ARGUMENT, message);
}
