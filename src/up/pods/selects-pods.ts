import { type Labels, selects } from "../../mesh/labels.js";

/** Pods, as selectors see them. */
interface PodLabels {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Whether a selector of a resource selects pods with these labels in that namespace; an empty one selects none. */
export function selectsPods(
  selector: Labels | undefined,
  resource: { readonly namespace: string },
  pods: PodLabels,
): boolean {
  return (
    resource.namespace === pods.namespace &&
    Object.keys(selector ?? {}).length > 0 &&
    selects(selector ?? {}, pods.labels)
  );
}
