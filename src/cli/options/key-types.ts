/** Types of workloads' keys, as `--workload-key` names them. */
export const KEY_TYPES = {
  p256: "P-256",
  p384: "P-384",
  rsa2048: "RSA-2048",
  rsa3072: "RSA-3072",
  rsa4096: "RSA-4096",
} as const;
