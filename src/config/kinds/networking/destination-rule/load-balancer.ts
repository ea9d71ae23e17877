import Type from "typebox";
import type { Path } from "../../../kind.js";
import {
  Double,
  Duration,
  Flag,
  list,
  oneOf,
  optional,
  strict,
  Text,
  Uint64,
  type ValueOf,
} from "../../value/fields.js";
import {
  atMostOne,
  doubtful,
  type Findings,
  given,
  invalid,
  refuse,
  tolerate,
  unique,
} from "../../value/findings.js";
import { checkDuration } from "../../value/numbers.js";
import {
  checkLocality,
  checkZoneAware,
  LocalityLoadBalancerSetting,
  ZoneAwareLoadBalancerSetting,
} from "./locality.js";

/** A name and value behind the value of a Set-Cookie header. */
export type HTTPCookieAttribute = ValueOf<typeof HTTPCookieAttribute>;
const HTTPCookieAttribute = strict({ name: Text, value: optional(Text) });

/** The cookie that a client is recognised by; made when it is absent and `ttl` is given. */
export type HTTPCookie = ValueOf<typeof HTTPCookie>;
const HTTPCookie = strict({
  name: Text,
  path: optional(Text),
  ttl: optional(Duration),
  attributes: optional(list(HTTPCookieAttribute)),
});

/** Soft session affinity: what is hashed, and onto which kind of table. */
export type ConsistentHashLB = ValueOf<typeof ConsistentHashLB>;
export const ConsistentHashLB = strict({
  httpHeaderName: optional(Text),
  httpCookie: optional(HTTPCookie),
  useSourceIp: optional(Flag),
  httpQueryParameterName: optional(Text),
  ringHash: optional(strict({ minimumRingSize: optional(Uint64) })),
  maglev: optional(strict({ tableSize: optional(Uint64) })),
  /** Deprecated: `ringHash` has replaced it. */
  minimumRingSize: optional(Uint64),
});

/** How slowly a new endpoint is given its full share. */
export type WarmupConfiguration = ValueOf<typeof WarmupConfiguration>;
const WarmupConfiguration = strict({
  duration: Duration,
  minimumPercent: optional(Type.Number({ minimum: 0, maximum: 100 })),
  aggression: optional(Double),
});

/** How an endpoint is chosen (Istio's LoadBalancerSettings). */
export type LoadBalancerSettings = ValueOf<typeof LoadBalancerSettings>;
export const LoadBalancerSettings = strict({
  simple: optional(
    oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
  ),
  consistentHash: optional(ConsistentHashLB),
  localityLbSetting: optional(LocalityLoadBalancerSetting),
  zoneAwareLbSetting: optional(ZoneAwareLoadBalancerSetting),
  /** Deprecated: `warmup` has replaced it. */
  warmupDurationSecs: optional(Duration),
  warmup: optional(WarmupConfiguration),
});

/** Envoy's largest table of the Maglev algorithm. */
const LARGEST_MAGLEV_TABLE = 5000011;

/** One way to choose, with numbers that its algorithm can take. */
export function* checkLoadBalancer(settings: LoadBalancerSettings, path: Path): Findings {
  yield* atMostOne(settings, path, ["simple", "consistentHash"]);
  yield* given(settings.consistentHash, [...path, "consistentHash"], checkConsistentHash);
  yield* atMostOne(settings, path, ["localityLbSetting", "zoneAwareLbSetting"]);
  yield* given(settings.localityLbSetting, [...path, "localityLbSetting"], checkLocality);
  yield* given(settings.zoneAwareLbSetting, [...path, "zoneAwareLbSetting"], checkZoneAware);
  // No oneof in Istio: who writes for its older versions too has both, and the newer counts.
  yield* tolerate(atMostOne(settings, path, ["warmup", "warmupDurationSecs"]));
  yield* given(settings.warmupDurationSecs, [...path, "warmupDurationSecs"], checkDuration);
  yield* given(settings.warmup, [...path, "warmup"], function* ({ duration, aggression = 1 }, at) {
    yield* checkDuration(duration, [...at, "duration"]);
    const problem = `aggression is ${aggression}: it has to be 1 or more`;
    yield* refuse([...at, "aggression"], aggression >= 1 ? undefined : problem);
  });
}

function* checkConsistentHash(hash: ConsistentHashLB, path: Path): Findings {
  const keys = ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"];
  yield* atMostOne(hash, path, keys);
  yield* atMostOne(hash, path, ["ringHash", "maglev"]);
  yield* given(hash.httpCookie, [...path, "httpCookie"], checkCookie);
  yield* given(hash.maglev, [...path, "maglev"], ({ tableSize = 0 }, at) =>
    refuse([...at, "tableSize"], tableSizeProblem(tableSize)),
  );
  if ((hash.minimumRingSize ?? 0) === 0) return;
  const at = [...path, "minimumRingSize"];
  yield doubtful(at, "minimumRingSize is deprecated: write ringHash.minimumRingSize");
  if (hash.ringHash !== undefined || hash.maglev !== undefined) {
    yield invalid(at, "minimumRingSize excludes ringHash and maglev: give one of them");
  }
}

function* checkCookie(cookie: HTTPCookie, path: Path): Findings {
  if (cookie.name === "") yield invalid([...path, "name"], "a cookie needs a name");
  const names = (cookie.attributes ?? []).map(({ name }) => name);
  const pathOf = (index: number): Path => [...path, "attributes", index, "name"];
  if (names.includes("")) {
    yield invalid(pathOf(names.indexOf("")), "an attribute of a cookie needs a name");
  }
  yield* unique(names, pathOf, "attribute");
}

function tableSizeProblem(size: number): string | undefined {
  if (size >= LARGEST_MAGLEV_TABLE) {
    return `tableSize is ${size}: it has to be less than ${LARGEST_MAGLEV_TABLE}`;
  }
  return isPrime(size) ? undefined : `tableSize is ${size}: it has to be a prime number`;
}

/** As Envoy has it: 1 is one too. */
function isPrime(number: number): boolean {
  if (number < 1) return false;
  for (let factor = 2; factor * factor <= number; factor++) {
    if (number % factor === 0) return false;
  }
  return true;
}
