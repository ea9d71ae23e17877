/** The key of an address in tables of workloads: two namespaces may have the same. */
export const addressKey = ({
  namespace,
  address,
}: {
  readonly namespace: string;
  readonly address: string;
}): string => `${namespace}|${address}`;
