/** Who an echo application says that it is. */
export type EchoIdentity =
  | {
      readonly pod: string;
      readonly namespace: string;
      /** The pod's `version` label. */
      readonly version?: string;
      readonly serviceAccount: string;
    }
  | {
      /** The host outside the mesh for which it answers. */
      readonly standInFor: string;
    };
