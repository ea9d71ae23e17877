/** What a proxy is given of a Secret that its configuration names. */
import type { Engine } from "../../base/engine.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { SecretJson } from "../api.js";
import { encodeResource } from "../encode-resource.js";
import type { Encoder } from "../encoder.js";
import { certificateSecret, rootsSecret } from "../gateway-secret.js";
import type { EnvoyResource } from "../resource-set.js";
import { rootsSecretName, secretName } from "../secret-names.js";
import { MESSAGE } from "./envoy-types.js";

type Secret = ResourceOf<"Secret">;

type ConfigMap = ResourceOf<"ConfigMap">;

/** What a proxy is given of credentials, which all proxies share. */
export interface SecretResources {
  /**
   * The certificate with its key, and the roots, of a credential; `find` finds its Secret, and under a longer name another
   * one, if the proxy may have it.
   */
  readonly ofSecret: (
    credential: string,
    find: (suffix: string) => Secret | undefined,
  ) => readonly EnvoyResource[];
  /** The roots in a ConfigMap, if it is there and has any. */
  readonly ofConfigMap: (
    credential: string,
    configMap: ConfigMap | undefined,
  ) => readonly EnvoyResource[];
}

/** The encoders of credentials. */
export function createSecretResources(engine: Engine, encoder: Encoder): SecretResources {
  const encode = (
    json: SecretJson | undefined,
    source: Secret | ConfigMap,
  ): readonly EnvoyResource[] => {
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
  const plainRoots = engine.memo("roots of a config map", (configMap: ConfigMap, name: string) =>
    encode(rootsSecret(name, { stringData: configMap.spec.data ?? {} }), configMap),
  );
  return {
    ofSecret: (credential, find) => {
      const own = find("");
      // Istio's older way: the roots are in a secret of their own, which goes before those beside the key.
      const rooted = find("-cacert") ?? own;
      return [
        ...(own === undefined ? [] : certificate(own, secretName(credential))),
        ...(rooted === undefined ? [] : roots(rooted, rootsSecretName(credential))),
      ];
    },
    ofConfigMap: (credential, configMap) =>
      configMap === undefined ? [] : plainRoots(configMap, rootsSecretName(credential)),
  };
}
