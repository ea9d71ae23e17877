import type { Path } from "../../config/kind.js";
import type { PodSpec } from "../../config/kinds/kubernetes/pod-template.js";
import type { Analyzer, Report } from "../analyzer.js";
import { isOfControlPlane, PROXY_CONTAINER } from "../control-plane.js";
import type { Draft } from "../draft.js";
import type { Analyzed } from "../resources.js";

/** The user as which the proxy runs: its traffic is not redirected to it. */
const PROXY_UID = 1337;
const NOT_APPLICATIONS: readonly (string | undefined)[] = [PROXY_CONTAINER, "istio-operator"];

/** Applications that run as the user of the proxy, so that their traffic passes it by. */
export const applicationUidAnalyzer: Analyzer = {
  name: "applicationUID.Analyzer",
  description: `whether an application runs as user ${PROXY_UID}, which is the proxy's`,
  *analyze({ resources }) {
    for (const pod of resources.all("Pod")) yield* analyzePod(pod, pod.spec, ["spec"]);
    for (const deployment of resources.all("Deployment")) {
      const { spec = {} } = deployment.spec.template ?? {};
      yield* analyzePod(deployment, spec, ["spec", "template", "spec"]);
    }
  },
};

function* analyzePod(resource: Analyzed, pod: Draft<PodSpec>, root: Path): Iterable<Report> {
  if (isOfControlPlane(resource)) return;
  const found = [...usersOf(pod, root)].find(({ user }) => user === PROXY_UID);
  if (found === undefined) return;
  const message = `user ${PROXY_UID} is the proxy's: what an application sends as that user passes the proxy by; take another`;
  yield { resource, code: "IST0144", path: found.path, message };
}

function* usersOf(
  { securityContext, containers = [] }: Draft<PodSpec>,
  root: Path,
): Iterable<{ readonly user: number | undefined; readonly path: Path }> {
  const field = ["securityContext", "runAsUser"];
  yield { user: securityContext?.runAsUser, path: [...root, ...field] };
  for (const [index, container] of containers.entries()) {
    if (NOT_APPLICATIONS.includes(container.name)) continue;
    yield {
      user: container.securityContext?.runAsUser,
      path: [...root, "containers", index, ...field],
    };
  }
}
