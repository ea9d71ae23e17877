/** What a proxy is given of Secrets, ConfigMaps and files that its configuration names. */
import type { Engine } from "../../base/engine/engine.js";
import type { ResourceOf } from "../../config/kinds.js";
import { type ResourceRef, refOf } from "../../config/resource.js";
import { originOf } from "../../mesh/made-of.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import { clientTlsIn } from "../../mesh/security/credential-rules.js";
import type { SecretJson } from "../api.js";
import { encodeResource, madeOrWithheld } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import type { EnvoyResource } from "../resource/resource-set.js";
import { clientFileSecrets, serverFileSecrets } from "./certificate-files.js";
import { certificateSecret, rootsSecret } from "./gateway-secret.js";
import { terminatesTls } from "./gateway-tls.js";
import { listedRootsName } from "./mesh-roots.js";
import { rootsSecretName, secretName } from "./secret-names.js";

type Secret = ResourceOf<"Secret">;

type ConfigMap = ResourceOf<"ConfigMap">;

type Gateway = ResourceOf<"Gateway">;
type Sidecar = ResourceOf<"Sidecar">;

/** The resources of files that a resource names. */
type Files<Source> = (source: Source) => readonly EnvoyResource[];

const inGateway = ({ spec }: Gateway): readonly SecretJson[] =>
  (spec.servers ?? [])
    .filter(terminatesTls)
    .flatMap(({ tls }) => (tls === undefined ? [] : serverFileSecrets(tls)));

const inSidecar = ({ spec }: Sidecar): readonly SecretJson[] =>
  (spec.ingress ?? []).flatMap(({ tls }) => (tls === undefined ? [] : serverFileSecrets(tls)));

/** What a proxy is given of credentials, which all proxies share. */
export interface SecretResources {
  /**
   * The certificate with its key, and the roots, of a credential, also with each of the revocation lists in some files; `find`
   * finds its Secret, and under a longer name another one, if the proxy may have it.
   */
  readonly ofSecret: (
    credential: string,
    find: (suffix: string) => Secret | undefined,
    lists?: readonly string[],
  ) => readonly EnvoyResource[];
  /** The certificates, keys and roots in the files that a Gateway names for its servers. */
  readonly filesOfGateway: Files<Gateway>;
  /** The same of a Sidecar. */
  readonly filesOfSidecar: Files<Sidecar>;
  /** The same of what a DestinationRule says to servers. */
  readonly filesOfRule: Files<DestinationRule>;
  /** The roots in a ConfigMap, if it is there and has any, also with each of these lists. */
  readonly ofConfigMap: (
    credential: string,
    configMap: ConfigMap | undefined,
    lists?: readonly string[],
  ) => readonly EnvoyResource[];
}

/** The secret of a name, if there is one. */
function encodeSecret(
  encoder: Encoder,
  named: { readonly name: string; readonly sources: readonly ResourceRef[] },
  make: () => SecretJson | undefined,
): readonly EnvoyResource[] {
  const made = madeOrWithheld(encoder, MESSAGE.secret, named, () => {
    const json = make();
    return json && encodeResource(encoder, MESSAGE.secret, { ...named, json });
  });
  return made === undefined ? [] : [made];
}

/** The encoders of credentials. */
export function createSecretResources(engine: Engine, encoder: Encoder): SecretResources {
  const encode = (
    name: string,
    source: ResourceRef,
    make: () => SecretJson | undefined,
  ): readonly EnvoyResource[] => encodeSecret(encoder, { name, sources: [source] }, make);
  const certificate = engine.memo("certificate of a secret", (secret: Secret, name: string) =>
    encode(
      name,
      refOf(secret),
      () => certificateSecret(name, secret.spec) ?? rootsSecret(name, secret.spec),
    ),
  );
  const roots = engine.memo("roots of a secret", (secret: Secret, own: string, list: string) => {
    const name = listedRootsName(own, list);
    return encode(name, refOf(secret), () => rootsSecret(name, secret.spec, list));
  });
  const plainRoots = engine.memo(
    "roots of a config map",
    (configMap: ConfigMap, own: string, list: string) => {
      const name = listedRootsName(own, list);
      const body = { stringData: configMap.spec.data ?? {} };
      return encode(name, refOf(configMap), () => rootsSecret(name, body, list));
    },
  );
  const encodeAll = (
    secrets: readonly SecretJson[],
    source: ResourceRef,
  ): readonly EnvoyResource[] =>
    secrets.flatMap((json) => encode(json.name ?? "", source, () => json));
  return {
    filesOfGateway: engine.memo("files of a gateway", (gateway: Gateway) =>
      encodeAll(inGateway(gateway), originOf(gateway)),
    ),
    filesOfSidecar: engine.memo("files of a sidecar", (sidecar: Sidecar) =>
      encodeAll(inSidecar(sidecar), refOf(sidecar)),
    ),
    filesOfRule: engine.memo("files of a destination rule", (rule: DestinationRule) =>
      encodeAll(clientTlsIn(rule.spec).flatMap(clientFileSecrets), rule.source),
    ),
    ofSecret: (credential, find, lists = []) => {
      const own = find("");
      // Istio's older way: the roots are in a secret of their own, which goes before those beside the key.
      const rooted = find("-cacert") ?? own;
      return [
        ...(own === undefined ? [] : certificate(own, secretName(credential))),
        ...(rooted === undefined
          ? []
          : ["", ...lists].flatMap((list) => roots(rooted, rootsSecretName(credential), list))),
      ];
    },
    ofConfigMap: (credential, configMap, lists = []) =>
      configMap === undefined
        ? []
        : ["", ...lists].flatMap((list) =>
            plainRoots(configMap, rootsSecretName(credential), list),
          ),
  };
}
