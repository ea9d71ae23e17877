/**
 * What a workload's certificate tells of it, and how the proxies of those whom it calls read that: Istio's proxies tell each other
 * by a filter of their own, which a stock Envoy has not. See Istio, "Istio Standard Metrics".
 */
import { callerState } from "../../config/kinds/telemetry/caller-state.js";
import { any } from "../any.js";
import type { FilterJson } from "../api.js";
import { type NamedWorkload, WORKLOAD_LABELS, workloadLabels } from "./workload-labels.js";

/** What labels of Kubernetes may be, and some more; nothing by which parts, or names in certificates, are held apart. */
const VALUE = /^[A-Za-z0-9._:/-]{1,128}$/;

/**
 * The description of a workload for its certificate, such as `|workload=payments-v1|canonical_service=payments|app=payments`. A value
 * that is empty, longer than 128 characters, or of others than labels have, is left out.
 */
export function describeWorkload(named: NamedWorkload): string {
  const labels = workloadLabels(named);
  return WORKLOAD_LABELS.map((label) => {
    const value = labels[label] ?? "";
    return VALUE.test(value) ? `|${label}=${value}` : "";
  }).join("");
}

/** A label by the certificate of who calls; no value where that tells none. */
const toldBySubject = (label: string): string =>
  `connection.subject_peer_certificate.split('|${label}=')[1].split('|')[0]`;

/** CEL whose texts can be split; Envoy's own formatter of CEL cannot. */
const FORMATTER = {
  name: "envoy.formatter.cel",
  typedConfig: any("envoy.extensions.formatter.cel.v3.Cel", {
    celConfig: { enableStringFunctions: true },
  }),
};

/**
 * The filter that keeps what the certificate of who calls tells, label by label, for as long as the connection lasts. To be the first:
 * what others refuse is counted too.
 */
export function callerFilter(): FilterJson {
  return {
    name: "envoy.filters.network.set_filter_state",
    typedConfig: any("envoy.extensions.filters.network.set_filter_state.v3.Config", {
      onDownstreamTlsHandshake: WORKLOAD_LABELS.map((label) => ({
        objectKey: callerState(label),
        factoryKey: "envoy.string",
        formatString: {
          textFormatSource: { inlineString: `%CEL(${toldBySubject(label)})%` },
          omitEmptyValues: true,
          formatters: [FORMATTER],
        },
        skipIfEmpty: true,
      })),
    }),
  };
}
