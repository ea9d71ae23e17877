import { durationMs } from "../../config/duration.js";
import type { CorsPolicy } from "../../config/kinds/networking/virtual-service/cors-policy.js";
import { stringMatcher } from "../string-matcher.js";

/** Which origins may use a route; those in the deprecated field count where the other has none. See Istio, CorsPolicy. */
export function corsPolicy(cors: CorsPolicy): object {
  const { allowOrigins = [], allowOrigin = [] } = cors;
  const origins = allowOrigins.length > 0 ? allowOrigins : allowOrigin.map((exact) => ({ exact }));
  const joined = (words: readonly string[] | undefined): string => (words ?? []).join(",");
  const maxAge = cors.maxAge === undefined ? undefined : durationMs(cors.maxAge);
  return {
    allowOriginStringMatch: origins
      .map((origin) => stringMatcher(origin))
      .filter((matcher) => matcher !== undefined),
    ...(cors.allowMethods === undefined ? {} : { allowMethods: joined(cors.allowMethods) }),
    ...(cors.allowHeaders === undefined ? {} : { allowHeaders: joined(cors.allowHeaders) }),
    ...(cors.exposeHeaders === undefined ? {} : { exposeHeaders: joined(cors.exposeHeaders) }),
    ...(maxAge === undefined ? {} : { maxAge: String(Math.trunc(maxAge / 1000)) }),
    ...(cors.allowCredentials === undefined ? {} : { allowCredentials: cors.allowCredentials }),
    filterEnabled: { defaultValue: { numerator: 100 } },
    forwardNotMatchingPreflights: cors.unmatchedPreflights !== "IGNORE",
  };
}
