/** What a proxy is given of a Secret that its configuration names. */
import type { Engine } from "../../base/engine.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { SecretJson } from "../api.js";
import { encodeResource } from "../encode-resource.js";
import type { Encoder } from "../encoder.js";
import { certificateSecret, rootsSecret } from "../gateway-secret.js";
import { gatewayCaSecretName, gatewaySecretName } from "../gateway-tls.js";
import type { EnvoyResource } from "../resource-set.js";
import { MESSAGE } from "./envoy-types.js";

type Secret = ResourceOf<"Secret">;

/**
 * The certificate with its key, and the roots, of a credential; `find` finds its Secret, and under a longer name another
 * one, if the proxy may have it.
 */
export type SecretResources = (
  credential: string,
  find: (suffix: string) => Secret | undefined,
) => readonly EnvoyResource[];

/** The encoders of Secrets, which all proxies share. */
export function createSecretResources(engine: Engine, encoder: Encoder): SecretResources {
  const encode = (json: SecretJson | undefined, source: Secret): readonly EnvoyResource[] => {
    if (json === undefined) return [];
    const sources = [refOf(source)];
    return [encodeResource(encoder, MESSAGE.secret, { name: json.name ?? "", json, sources })];
  };
  const certificate = engine.memo("certificate of a secret", (secret: Secret, name: string) =>
    encode(certificateSecret(name, secret.spec) ?? rootsSecret(name, secret.spec), secret),
  );
  const roots = engine.memo("roots of a secret", (secret: Secret, name: string) =>
    encode(rootsSecret(name, secret.spec), secret),
  );
  return (credential, find) => {
    const own = find("");
    // Istio's older way: the roots are in a secret of their own, which goes before those beside the key.
    const rooted = find("-cacert") ?? own;
    return [
      ...(own === undefined ? [] : certificate(own, gatewaySecretName(credential))),
      ...(rooted === undefined ? [] : roots(rooted, gatewayCaSecretName(credential))),
    ];
  };
}
