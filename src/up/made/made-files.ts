/** The files that `up` writes beside the user's: the pods that run, and what a mesh needs that the user's files leave out. */
import type { DesiredMesh } from "../desired-mesh.js";
import type { PlacedPod, RunningPod } from "../pods/pod-plan.js";
import type { DevelopmentCertificates } from "./development-certificates.js";
import { credentialFile, gatewayServiceFile, type MadeFile, podFile } from "./made-resources.js";

/** What the files are made of. */
export interface MadeFilesOptions {
  readonly desired: DesiredMesh;
  readonly running: readonly RunningPod[];
  /** Pods that ended a short while ago. */
  readonly ended: readonly PlacedPod[];
  readonly certificates: Pick<DevelopmentCertificates, "certificateFor">;
  /** Whether servers on this machine stand in for hosts outside the mesh. */
  readonly standIns: boolean;
}

/** See the top of this file. */
export async function madeFiles(options: MadeFilesOptions): Promise<readonly MadeFile[]> {
  const { desired, running, ended } = options;
  return [
    ...running.map(({ pod, ready, leaving }) => podFile(pod, pod.addresses.pod, ready && !leaving)),
    // A proxy without a Pod is a workload by itself, which is called as long as the proxy may come back.
    ...ended.map((pod) => podFile(pod, pod.addresses.pod, false)),
    ...desired.madeGateways.flatMap(({ workload, servicePorts }) =>
      servicePorts === undefined ? [] : [gatewayServiceFile(workload, servicePorts)],
    ),
    ...(await credentialFiles(options)),
  ];
}

function credentialFiles({
  desired,
  certificates,
  standIns,
}: MadeFilesOptions): Promise<readonly MadeFile[]> {
  // Hosts that are called themselves want to know who calls: nobody here can say that.
  const credentials = [...desired.credentials, ...(standIns ? desired.clientCredentials : [])];
  return Promise.all(
    credentials.map(async (credential) =>
      credentialFile(credential, await certificates.certificateFor(credential.hosts)),
    ),
  );
}
