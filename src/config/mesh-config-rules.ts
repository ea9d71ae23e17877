/** The rules of the mesh's configuration that its schema cannot say. See Istio, pkg/config/validation/agent. */
import { durationMs } from "./duration.js";
import type { Path } from "./kind.js";
import { isDnsLabel, wildcardDomainProblem } from "./kinds/dns-names.js";
import { doubtful, each, type Findings, given, invalid, refuse } from "./kinds/findings.js";
import { checkLocality } from "./kinds/locality.js";
import { checkDuration, checkDurationOrZero, checkPort } from "./kinds/numbers.js";
import type { MeshConfigFields } from "./mesh-config-schema.js";
import { checkProxyConfig } from "./mesh-proxy-rules.js";

const LONGEST_CONNECT_MS = 3_600_000;

/** The groups that keys can be agreed on with, by the names that Envoy's TLS library has. */
const ECDH_CURVES: readonly string[] = [
  "P-224",
  "P-256",
  "P-384",
  "P-521",
  "X25519",
  "X25519Kyber768Draft00",
  "X25519MLKEM768",
];

/** What is wrong with a mesh configuration whose fields are of the right types. */
export function* checkMeshConfig(config: MeshConfigFields): Findings {
  yield* given(config.proxyListenPort, ["proxyListenPort"], checkPort);
  yield* given(config.connectTimeout, ["connectTimeout"], checkConnectTimeout);
  yield* given(config.protocolDetectionTimeout, ["protocolDetectionTimeout"], checkDurationOrZero);
  yield* given(config.defaultConfig, ["defaultConfig"], checkProxyConfig);
  yield* given(config.localityLbSetting, ["localityLbSetting"], checkLocality);
  yield* each(config.serviceSettings, ["serviceSettings"], ({ hosts }, path) =>
    each(hosts, [...path, "hosts"], (host, at) => refuse(at, wildcardDomainProblem(host))),
  );
  yield* given(config.trustDomain, ["trustDomain"], checkTrustDomain);
  yield* each(config.trustDomainAliases, ["trustDomainAliases"], checkTrustDomain);
  if ((config.meshMTLS?.ecdhCurves ?? []).length > 0) {
    yield invalid(["meshMTLS", "ecdhCurves"], "only tlsDefaults has ecdhCurves");
  }
  yield* given(config.tlsDefaults?.ecdhCurves, ["tlsDefaults", "ecdhCurves"], checkCurves);
}

function* checkConnectTimeout(text: string, path: Path): Findings {
  yield* checkDuration(text, path);
  if ((durationMs(text) ?? 0) > LONGEST_CONNECT_MS) {
    yield invalid(path, `${text} is too long: at most 1h`);
  }
}

/** Labels of a domain name, of which the last may be empty; unlike that of a domain it may be a number. */
function checkTrustDomain(domain: string, path: Path): Findings {
  const labels = domain.replace(/\.$/, "").split(".");
  const isTrustDomain = labels.every(isDnsLabel);
  const rule = "letters, digits and inner hyphens between dots";
  return refuse(path, isTrustDomain ? undefined : `"${domain}" is no trust domain: ${rule}`);
}

function* checkCurves(curves: readonly string[], path: Path): Findings {
  for (const [index, curve] of curves.entries()) {
    const at = [...path, index];
    if (curve !== "" && !ECDH_CURVES.includes(curve)) {
      yield doubtful(at, `"${curve}" is no curve that Envoy has: ${ECDH_CURVES.join(", ")}`);
    } else if (curves.indexOf(curve) < index) yield doubtful(at, `"${curve}" is there twice`);
  }
}
