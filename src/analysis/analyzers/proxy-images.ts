import { isMap } from "../../base/is-map.js";
import { INJECTION_LABEL, REVISION_LABEL } from "../../config/kinds/kubernetes/injection-labels.js";
import { parseSection } from "../../config/yaml/parse-section.js";
import { selects } from "../../mesh/labels.js";
import type { AnalysisContext, Analyzer } from "../analyzer.js";
import { PROXY_CONTAINER } from "../control-plane.js";
import type { Draft } from "../draft.js";
import { type InjectorValues, injectorName, injectorValues } from "../injector-values.js";
import type { AnalyzedOf } from "../resources.js";

type Pod = AnalyzedOf<"Pod">;

const PROXY_IMAGE = "sidecar.istio.io/proxyImage";
const PROXY_CONFIG = "proxy.istio.io/config";

/** Pods whose proxy is another than injection would give them now. */
export const proxyImageAnalyzer: Analyzer = {
  name: "injection.ImageAnalyzer",
  description: "whether the proxies of pods have the image that injection is configured with",
  *analyze(context) {
    const { resources } = context;
    const images = new Map(
      [...injectorValues(resources)].map(([name, values]) => [name, imageOf(values)]),
    );
    for (const namespace of resources.all("Namespace")) {
      const image = images.get(injectorOf(namespace) ?? "");
      if (image === undefined) continue;
      const pods = resources
        .all("Pod")
        .filter((pod) => pod.namespace === namespace.name && hasOther(pod, image, context));
      if (pods.length === 0) continue;
      const names = pods.map(({ name }) => name).join(", ");
      const message = `the proxies of these pods have another image than ${image}, with which pods are injected now: ${names}; restart them`;
      yield { resource: namespace, code: "IST0158", path: ["metadata", "name"], message };
    }
  },
};

/** The injector of a namespace's pods; undefined when they are not injected. */
function injectorOf({ labels }: AnalyzedOf<"Namespace">): string | undefined {
  const revision = labels[REVISION_LABEL];
  if (revision !== undefined) return injectorName(revision);
  return labels[INJECTION_LABEL] === "enabled" ? injectorName(undefined) : undefined;
}

function imageOf({ global }: Draft<InjectorValues>): string {
  const { hub = "", tag = "", proxy } = global ?? {};
  const image = proxy?.image ?? "";
  return image.includes("/") ? image : `${hub}/${image}:${tag}`;
}

function hasOther(pod: Pod, image: string, context: AnalysisContext): boolean {
  if ((pod.annotations[PROXY_IMAGE] ?? "") !== "") return false;
  const { containers = [], initContainers = [] } = pod.spec;
  const right = [image, `${image}-${imageType(pod, context)}`];
  return [...containers, ...initContainers].some(
    (one) => one.name === PROXY_CONTAINER && !right.includes(one.image ?? ""),
  );
}

/** The variant of the image that a pod is to have; the most specific of the proxy configurations counts. */
function imageType(pod: Pod, { resources, meshConfig }: AnalysisContext): string {
  const configs = resources.all("ProxyConfig");
  const inNamespace = configs.filter(({ namespace }) => namespace === pod.namespace);
  const annotated = parseSection(pod.annotations[PROXY_CONFIG] ?? "");
  const types = [
    imageTypeIn(meshConfig.defaultConfig),
    ...configs.filter(({ namespace }) => namespace === meshConfig.rootNamespace).map(specType),
    ...inNamespace.filter(({ spec }) => spec.selector === undefined).map(specType),
    ...inNamespace
      .filter(({ spec }) => spec.selector !== undefined)
      .filter(({ spec }) => selects(spec.selector?.matchLabels ?? {}, pod.labels))
      .map(specType),
    annotated.error === undefined ? imageTypeIn(annotated.documents[0]) : undefined,
  ];
  const type = types.findLast((one) => one !== undefined && one !== "") ?? "";
  return type === "default" ? "" : type;
}

function specType({ spec }: AnalyzedOf<"ProxyConfig">): string | undefined {
  return imageTypeIn(spec);
}

function imageTypeIn(config: unknown): string | undefined {
  const image = isMap(config) ? config["image"] : undefined;
  const type = isMap(image) ? image["imageType"] : undefined;
  return typeof type === "string" ? type : undefined;
}
