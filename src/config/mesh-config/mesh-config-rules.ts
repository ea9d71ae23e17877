/** The rules of the mesh's configuration that its schema cannot say. See Istio, pkg/config/validation/agent. */
import { durationMs } from "../duration.js";
import type { Path } from "../kind.js";
import { jsonFields, jsonFormatProblem, logFormatProblem } from "../kinds/format/log-format.js";
import { checkClientTls } from "../kinds/networking/destination-rule/client-tls-settings.js";
import {
  checkConnectionPool,
  checkTcpKeepalive,
} from "../kinds/networking/destination-rule/connection-pool.js";
import { checkLocality, checkZoneAware } from "../kinds/networking/destination-rule/locality.js";
import { checkOutlierDetection } from "../kinds/networking/destination-rule/outlier-detection.js";
import type { TrafficPolicy } from "../kinds/networking/destination-rule/traffic-policy.js";
import { checkCipherSuites, checkCurves } from "../kinds/networking/tls-algorithms.js";
import { checkRetry } from "../kinds/networking/virtual-service/http-retry.js";
import { isDnsLabel, wildcardDomainProblem } from "../kinds/value/dns-names.js";
import { doubtful, each, type Findings, given, invalid, refuse } from "../kinds/value/findings.js";
import { checkLabelSelector } from "../kinds/value/label-selector.js";
import { checkDuration, checkDurationOrZero, checkPort } from "../kinds/value/numbers.js";
import { notApplied } from "../kinds/value/unapplied.js";
import type { MeshConfigFields } from "./mesh-config-schema.js";
import { checkProxyConfig } from "./mesh-proxy-rules.js";

const LONGEST_CONNECT_MS = 3_600_000;

/** What is wrong with a mesh configuration whose fields are of the right types. */
export function* checkMeshConfig(config: MeshConfigFields): Findings {
  yield* given(config.proxyListenPort, ["proxyListenPort"], checkPort);
  yield* given(config.connectTimeout, ["connectTimeout"], checkConnectTimeout);
  yield* given(config.tcpKeepalive, ["tcpKeepalive"], checkTcpKeepalive);
  yield* given(config.protocolDetectionTimeout, ["protocolDetectionTimeout"], checkDurationOrZero);
  yield* given(config.defaultConfig, ["defaultConfig"], checkProxyConfig);
  yield* each(config.discoverySelectors, ["discoverySelectors"], checkLabelSelector);
  yield* given(config.outboundTrafficPolicy, ["outboundTrafficPolicy"], checkUnknownHosts);
  yield* given(config.localityLbSetting, ["localityLbSetting"], checkLocality);
  yield* given(config.zoneAwareLbSetting, ["zoneAwareLbSetting"], checkZoneAware);
  const inboundRetries = config.defaultInboundHttpRetryPolicy;
  yield* given(inboundRetries, ["defaultInboundHttpRetryPolicy"], checkRetry);
  yield* given(config.defaultTrafficPolicy, ["defaultTrafficPolicy"], checkDefaults);
  yield* each(config.serviceSettings, ["serviceSettings"], ({ hosts }, path) =>
    each(hosts, [...path, "hosts"], (host, at) => refuse(at, wildcardDomainProblem(host))),
  );
  yield* given(config.trustDomain, ["trustDomain"], checkTrustDomain);
  yield* each(config.trustDomainAliases, ["trustDomainAliases"], checkTrustDomain);
  yield* checkTls(config);
  yield* checkAccessLog(config);
}

/** TLS is for hosts outside of the mesh, with the files of the sidecars that look them up: these are given no Secret for all. */
function* checkUnknownHosts(
  { mode, tls }: NonNullable<MeshConfigFields["outboundTrafficPolicy"]>,
  path: Path,
): Findings {
  if (tls === undefined) return;
  const at = [...path, "tls"];
  yield* checkClientTls(tls, at, undefined);
  if (mode !== "ALLOW_ANY_DYNAMIC_DNS") {
    yield notApplied(at, "TLS of hosts that are not looked up");
  } else if (tls.mode === "ISTIO_MUTUAL") {
    yield invalid(
      [...at, "mode"],
      "hosts that are looked up are in no mesh: they speak SIMPLE or MUTUAL",
    );
  } else if ((tls.credentialName ?? "") !== "") {
    yield invalid(
      [...at, "credentialName"],
      "sidecars are given no Secret of the mesh: name files",
    );
  }
}

/** Istio takes these two parts of a policy for the mesh's; the others have no effect. */
function* checkDefaults(policy: TrafficPolicy, path: Path): Findings {
  yield* given(policy.connectionPool, [...path, "connectionPool"], checkConnectionPool);
  yield* given(policy.outlierDetection, [...path, "outlierDetection"], checkOutlierDetection);
}

/** A format that Envoy does not know would have every proxy refuse all of its listeners. */
function* checkAccessLog({ accessLogFormat = "", accessLogEncoding }: MeshConfigFields): Findings {
  const path = ["accessLogFormat"];
  if (accessLogEncoding !== "JSON") {
    yield* refuse(path, logFormatProblem(accessLogFormat));
    return;
  }
  const fields = jsonFields(accessLogFormat);
  if (fields === undefined && accessLogFormat !== "") {
    yield doubtful(
      path,
      "with the encoding JSON the format is a JSON object: Istio's own is logged",
    );
  }
  yield* refuse(path, jsonFormatProblem(fields));
}

function* checkTls({ meshMTLS, tlsDefaults }: MeshConfigFields): Findings {
  if ((meshMTLS?.ecdhCurves ?? []).length > 0) {
    yield invalid(["meshMTLS", "ecdhCurves"], "only tlsDefaults has ecdhCurves");
  }
  yield* given(meshMTLS?.cipherSuites, ["meshMTLS", "cipherSuites"], checkCipherSuites);
  yield* given(tlsDefaults?.ecdhCurves, ["tlsDefaults", "ecdhCurves"], checkCurves);
  yield* given(tlsDefaults?.cipherSuites, ["tlsDefaults", "cipherSuites"], checkCipherSuites);
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
