import { isIP } from "node:net";
import { ProxyConfigFields } from "../config/mesh-config/mesh-config-schema.js";
import { validateBody } from "../config/schema/schema.js";
import { parseSection } from "../config/yaml/parse-section.js";

/** What is wrong with the value of an annotation; undefined when nothing is. */
type Check = (value: string) => string | undefined;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["prometheus.istio.io/merge-metrics", checkFlag],
  ["proxy.istio.io/config", checkProxyConfig],
  ["readiness.status.sidecar.istio.io/failureThreshold", checkCount],
  ["readiness.status.sidecar.istio.io/initialDelaySeconds", checkCount],
  ["readiness.status.sidecar.istio.io/periodSeconds", checkCount],
  ["sidecar.istio.io/interceptionMode", checkInterceptionMode],
  ["status.sidecar.istio.io/port", checkPort],
  ["traffic.sidecar.istio.io/excludeInboundPorts", checkPorts],
  ["traffic.sidecar.istio.io/excludeOutboundIPRanges", checkRanges],
  ["traffic.sidecar.istio.io/excludeOutboundPorts", checkPorts],
  ["traffic.sidecar.istio.io/includeInboundPorts", orAll(checkPorts)],
  ["traffic.sidecar.istio.io/includeOutboundIPRanges", orAll(checkRanges)],
]);

/** What is wrong with the value of one of Istio's annotations. See Istio, inject.AnnotationValidation. */
export function annotationValueProblem(name: string, value: string): string | undefined {
  return CHECKS.get(name)?.(value);
}

const MODES: readonly string[] = ["REDIRECT", "TPROXY", "NONE"];
const FLAGS: ReadonlySet<string> = new Set(
  ["1", "t", "T", "TRUE", "true", "True"].concat(["0", "f", "F", "FALSE", "false", "False"]),
);
const MAX_UINT32 = 4_294_967_295;
const MAX_PORT = 65_535;

function checkInterceptionMode(value: string): string | undefined {
  return MODES.includes(value) ? undefined : `found "${value}", one of ${MODES.join(", ")}`;
}

function checkFlag(value: string): string | undefined {
  return FLAGS.has(value) ? undefined : `found "${value}", true or false`;
}

function checkCount(value: string): string | undefined {
  return isNumber(value, MAX_UINT32) ? undefined : `found "${value}", a whole number from 0`;
}

function checkPort(value: string): string | undefined {
  return isNumber(value.trim(), MAX_PORT) ? undefined : `found "${value}", a port from 0 to 65535`;
}

function checkPorts(value: string): string | undefined {
  if (value.trim() === "") return undefined;
  const wrong = value.split(",").find((port) => checkPort(port) !== undefined);
  return wrong === undefined ? undefined : `found "${wrong}", ports joined by commas`;
}

function checkRanges(value: string): string | undefined {
  if (value === "") return undefined;
  const wrong = value.split(",").find((range) => !isRange(range));
  const right = "address ranges joined by commas, such as 10.0.0.0/8,172.16.0.0/12";
  return wrong === undefined ? undefined : `found "${wrong}", ${right}`;
}

function orAll(check: Check): Check {
  return (value) => (value === "*" ? undefined : check(value));
}

function checkProxyConfig(value: string): string | undefined {
  const parsed = parseSection(value);
  if (parsed.error !== undefined) return parsed.error.message;
  const fields = parsed.documents[0] ?? {};
  const findings = validateBody({ body: "document", schema: ProxyConfigFields }, fields);
  // Fields that are not known come and go with Istio's versions.
  return findings.find(({ code }) => code !== "unknown-field")?.message;
}

function isNumber(text: string, max: number): boolean {
  return /^\d+$/.test(text) && Number(text) <= max;
}

function isRange(text: string): boolean {
  const [, address = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}
