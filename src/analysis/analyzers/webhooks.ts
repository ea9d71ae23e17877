import {
  INJECT,
  INJECTION_LABEL,
  REVISION_LABEL,
} from "../../config/kinds/kubernetes/injection-labels.js";
import type { TextMap } from "../../config/kinds/value/fields.js";
import type { AnalysisContext, Analyzer, Report } from "../analyzer.js";
import type { Draft } from "../draft.js";
import type { LabelSelector } from "../kinds/label-selector.js";
import type { Webhook } from "../kinds/webhook-configuration.js";
import { selectorMatches } from "../label-selection.js";
import type { AnalyzedOf } from "../resources.js";

type WebhookConfiguration = AnalyzedOf<"MutatingWebhookConfiguration">;

interface PlacedWebhook {
  readonly configuration: WebhookConfiguration;
  readonly webhook: Draft<Webhook>;
  readonly index: number;
}

/** Webhooks of Istio that inject the same pods, and those that call a Service which there is not. */
export const webhookAnalyzer: Analyzer = {
  name: "webhook.Analyzer",
  description: "whether Istio's webhooks inject each pod once, and call a Service that there is",
  *analyze(context) {
    const configurations = context.resources
      .all("MutatingWebhookConfiguration")
      .filter((one) => revisionsOf(one).length > 0 || isIstios(one));
    const revisions = new Set(configurations.flatMap(revisionsOf));
    const webhooks = configurations.flatMap((configuration) =>
      (configuration.spec.webhooks ?? []).map((webhook, index): PlacedWebhook => {
        return { configuration, webhook, index };
      }),
    );
    yield* analyzeOverlaps(webhooks, revisions);
    yield* analyzeServices(webhooks, context);
  },
};

/**
 * Each configuration is reported once for each set of others that take the same pods, as different labels may bring
 * different ones.
 */
function* analyzeOverlaps(
  webhooks: readonly PlacedWebhook[],
  revisions: ReadonlySet<string>,
): Iterable<Report> {
  const reported = new Set<string>();
  for (const matching of matchingSets(webhooks, revisions)) {
    for (const one of matching) {
      const others = matching.filter((other) => other !== one).map(nameOf);
      const names = others.sort().join(", ");
      const key = `${one.configuration.name} ${names}`;
      if (reported.has(key)) continue;
      reported.add(key);
      const message = `the webhook "${one.webhook.name ?? ""}" injects the same pods as ${names}: tell their selectors apart, or pods are injected twice`;
      yield reportOf(one, ["namespaceSelector"], message);
    }
  }
}

/** The webhooks that take the same pods, for all labels that pods and namespaces may have. */
function* matchingSets(
  webhooks: readonly PlacedWebhook[],
  revisions: ReadonlySet<string>,
): Iterable<readonly PlacedWebhook[]> {
  const pods = labelSets(INJECT, ["true", "false"], revisions);
  for (const namespace of labelSets(INJECTION_LABEL, ["enabled", "disabled"], revisions)) {
    for (const pod of pods) {
      const matching = webhooks.filter(
        ({ webhook }) =>
          selectorMatches(webhook.namespaceSelector, namespace) &&
          selectorMatches(webhook.objectSelector, pod),
      );
      if (matching.length > 1) yield matching;
    }
  }
}

/** The labels that matter to injection, of each combination that there may be. */
function labelSets(
  name: string,
  values: readonly string[],
  revisions: ReadonlySet<string>,
): readonly TextMap[] {
  const plain: readonly TextMap[] = [{}, ...values.map((value) => ({ [name]: value }))];
  const revised = [...revisions].flatMap((revision) =>
    plain.map((labels) => ({ ...labels, [REVISION_LABEL]: revision })),
  );
  return [...plain, ...revised];
}

/** The first webhook of a configuration is told for the others that call the same Service. */
function* analyzeServices(
  webhooks: readonly PlacedWebhook[],
  { resources }: AnalysisContext,
): Iterable<Report> {
  const reported = new Set<string>();
  for (const placed of webhooks) {
    const { configuration, webhook } = placed;
    const { service } = webhook.clientConfig ?? {};
    if (service === undefined) continue;
    const { namespace = "", name = "" } = service;
    const key = `${configuration.name} ${namespace}/${name}`;
    if (reported.has(key) || resources.find("Service", namespace, name) !== undefined) continue;
    reported.add(key);
    const message = `the webhook "${webhook.name ?? ""}" asks a Service "${namespace}/${name}" that there is not`;
    yield reportOf(placed, ["clientConfig", "service"], message);
  }
}

function reportOf(
  { configuration, index }: PlacedWebhook,
  path: readonly string[],
  message: string,
): Report {
  return {
    resource: configuration,
    code: "IST0139",
    path: ["webhooks", index, ...path],
    message,
  };
}

function nameOf({ configuration, webhook }: PlacedWebhook): string {
  return `${configuration.name}/${webhook.name ?? ""}`;
}

function isIstios({ spec }: WebhookConfiguration): boolean {
  return (spec.webhooks ?? []).some(({ name = "" }) => name.endsWith("istio.io"));
}

/** The revisions that a configuration is for, or names in its selectors. */
function revisionsOf({ labels, spec }: WebhookConfiguration): readonly string[] {
  const own = labels[REVISION_LABEL];
  const selected = (spec.webhooks ?? []).flatMap(({ namespaceSelector, objectSelector }) => [
    ...revisionsIn(namespaceSelector),
    ...revisionsIn(objectSelector),
  ]);
  return own === undefined ? selected : [own, ...selected];
}

function revisionsIn(selector: Draft<LabelSelector> | undefined): readonly string[] {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  const matched = matchLabels[REVISION_LABEL];
  const listed = matchExpressions
    .filter(({ key }) => key === REVISION_LABEL)
    .flatMap(({ values = [] }) => values);
  return matched === undefined ? listed : [matched, ...listed];
}
