import {
  lenient,
  list,
  mapOf,
  optional,
  Text,
  type ValueOf,
} from "../../config/kinds/value/fields.js";
import { MESH_CONFIG_MAP } from "../../config/mesh-config/mesh-config.js";
import { parseSection } from "../../config/yaml/parse-section.js";
import type { AnalysisContext, Analyzer } from "../analyzer.js";
import { type Draft, draftOf } from "../draft.js";

/** Istio's MeshNetworks, as the ConfigMap of the mesh has them: the networks, and which endpoints are in each. */
type MeshNetworks = ValueOf<typeof MeshNetworks>;
const MeshNetworks = lenient({
  networks: optional(
    mapOf(lenient({ endpoints: optional(list(lenient({ fromRegistry: optional(Text) }))) })),
  ),
});

/** The label of the Secrets that let Istio into other clusters; their keys are the clusters. */
const REMOTE_CLUSTER = "istio/multiCluster";
const BUILT_IN: readonly string[] = ["Mock", "Kubernetes", "External"];
/** Where in the ConfigMap the networks are: text that is YAML. */
const KEY = "meshNetworks";

/** Networks of clusters that there are not. */
export const meshNetworksAnalyzer: Analyzer = {
  name: "meshnetworks.MeshNetworksAnalyzer",
  description: "whether the networks of the mesh are of clusters that there are",
  *analyze(context) {
    const { namespace, name } = MESH_CONFIG_MAP;
    const resource = context.resources.find("ConfigMap", namespace, name);
    if (resource === undefined) return;
    const registries = new Set([...BUILT_IN, ...clustersOf(context)]);
    const { networks = {} } = parse(resource.spec.data?.[KEY] ?? "");
    for (const [network, { endpoints = [] }] of Object.entries(networks)) {
      for (const [index, { fromRegistry }] of endpoints.entries()) {
        if (fromRegistry === undefined || registries.has(fromRegistry)) continue;
        const message = `network "${network}" has the endpoints of a cluster "${fromRegistry}" that there is not: found ${[...registries].join(", ")}`;
        const path = ["data", KEY, "networks", network, "endpoints", index, "fromRegistry"];
        yield { resource, code: "IST0126", path, message };
      }
    }
  },
};

function clustersOf({ resources }: AnalysisContext): readonly string[] {
  return resources
    .all("Secret")
    .filter(({ labels }) => labels[REMOTE_CLUSTER] === "true")
    .flatMap(({ spec }) => Object.keys({ ...spec.data, ...spec.stringData }));
}

function parse(text: string): Draft<MeshNetworks> {
  const parsed = parseSection(text);
  return draftOf(MeshNetworks, parsed.error === undefined ? parsed.documents[0] : undefined);
}
