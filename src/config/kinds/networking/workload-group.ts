import type { KindDefinition, Path } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { probeHeaderNameProblem, requestTextProblem } from "../format/http-headers.js";
import { checkedByIstio } from "../istio-resource.js";
import { isIpAddress } from "../value/dns-names.js";
import {
  Int32,
  list,
  mapOf,
  NonEmptyText,
  optional,
  strict,
  Text,
  Uint32,
  type ValueOf,
} from "../value/fields.js";
import { atMostOne, each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { checkLabels } from "../value/labels.js";
import { checkNotNegative, checkPort } from "../value/numbers.js";
import { notApplied } from "../value/unapplied.js";
import { checkTemplate, WorkloadEntrySpec } from "./workload-entry.js";

/** A header that a probe sends. */
export type HTTPHeader = ValueOf<typeof HTTPHeader>;
const HTTPHeader = strict({ name: optional(Text), value: optional(Text) });

/** How it is found out whether the application is ready; one of the four ways. */
export type ReadinessProbe = ValueOf<typeof ReadinessProbe>;
const ReadinessProbe = strict({
  initialDelaySeconds: optional(Int32),
  timeoutSeconds: optional(Int32),
  periodSeconds: optional(Int32),
  successThreshold: optional(Int32),
  failureThreshold: optional(Int32),
  httpGet: optional(
    strict({
      path: optional(Text),
      port: Uint32,
      host: optional(Text),
      scheme: optional(Text),
      httpHeaders: optional(list(HTTPHeader)),
    }),
  ),
  tcpSocket: optional(strict({ host: optional(Text), port: Uint32 })),
  exec: optional(strict({ command: list(NonEmptyText) })),
  grpc: optional(strict({ port: optional(Uint32), service: optional(Text) })),
});

/** The template of the WorkloadEntries of workloads that register themselves. */
export type WorkloadGroupSpec = ValueOf<typeof WorkloadGroupSpec>;
export const WorkloadGroupSpec = strict({
  metadata: optional(
    strict({ labels: optional(mapOf(Text, 256)), annotations: optional(mapOf(Text, 256)) }),
  ),
  template: WorkloadEntrySpec,
  probe: optional(ReadinessProbe),
});

/** Istio's WorkloadGroup. */
export const workloadGroup = {
  kind: "WorkloadGroup",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  shortNames: ["wg"],
  body: "spec",
  schema: WorkloadGroupSpec,
  check: checkedByIstio(checkWorkloadGroup),
} as const satisfies KindDefinition<WorkloadGroupSpec>;

/** The ways to find out whether an application is ready. */
const METHODS = ["httpGet", "tcpSocket", "exec", "grpc"] as const;

function* checkWorkloadGroup({ spec }: ConfigResource<WorkloadGroupSpec>): Findings {
  yield* given(spec.metadata?.labels, ["spec", "metadata", "labels"], checkLabels);
  yield* checkTemplate(spec.template, ["spec", "template"]);
  yield* given(spec.probe, ["spec", "probe"], checkProbe);
}

function* checkProbe(probe: ReadinessProbe, path: Path): Findings {
  const numbers = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const;
  for (const name of numbers) yield* given(probe[name], [...path, name], checkNotNegative);
  yield* atMostOne(probe, path, METHODS);
  if (METHODS.every((method) => probe[method] === undefined)) {
    yield invalid(path, `the probe asks nothing: give one of ${METHODS.join(", ")}`);
  }
  yield* given(probe.httpGet, [...path, "httpGet"], checkHttpGet);
  yield* given(probe.tcpSocket, [...path, "tcpSocket"], function* ({ port, host = "" }, at) {
    yield* checkPort(port, [...at, "port"]);
    if (host !== "") yield* checkHost(host, [...at, "host"]);
  });
  yield* given(probe.grpc?.port, [...path, "grpc", "port"], checkPort);
  if (probe.grpc !== undefined && probe.grpc.port === undefined) {
    yield notApplied([...path, "grpc"], "a probe by gRPC without a port");
  }
  yield* given(probe.exec, [...path, "exec"], checkExec);
}

/** Envoy runs the probes, where Istio's agent does not: it starts no programs, and looks no names up for this. */
function* checkExec({ command }: NonNullable<ReadinessProbe["exec"]>, path: Path): Findings {
  if (command.length === 0) yield invalid([...path, "command"], "the command is empty");
  yield notApplied(path, "a probe by command, where no `fairlead agent --command-probe` runs it,");
}

function* checkHost(host: string, path: Path): Findings {
  const what = `the host name "${host}" of a probe (Envoy asks an IP address, here the workload's own)`;
  if (probeAddress(host) === undefined) yield notApplied(path, what);
}

/** The IP address that a probe's host is; undefined of a name that would have to be looked up. */
export function probeAddress(host: string): string | undefined {
  if (host === "localhost") return "127.0.0.1";
  return isIpAddress(host) ? host : undefined;
}

function* checkHttpGet(get: NonNullable<ReadinessProbe["httpGet"]>, path: Path): Findings {
  const { port, path: asked = "", scheme = "", host = "", httpHeaders } = get;
  yield* checkPort(port, [...path, "port"]);
  yield* refuse([...path, "path"], requestTextProblem(asked));
  if (host !== "") yield* checkHost(host, [...path, "host"]);
  if (!["", "HTTP", "HTTPS"].includes(scheme)) {
    yield invalid([...path, "scheme"], `"${scheme}" is no scheme of a probe: HTTP or HTTPS`);
  }
  yield* each(httpHeaders, [...path, "httpHeaders"], function* ({ name = "", value = "" }, at) {
    yield* refuse([...at, "name"], probeHeaderNameProblem(name));
    yield* refuse([...at, "value"], requestTextProblem(value));
  });
}
