/** The words of which random policies and requests are made: few, so that they meet. */
import type { JwtRule } from "./objects.js";

/** What the places of a test are called. */
export interface Vocabulary {
  readonly rootNamespace: string;
  readonly namespaces: readonly string[];
  /** Labels of the workloads, and some that none has. */
  readonly labels: readonly Readonly<Record<string, string>>[];
  /** Names of gateways of the Gateway API. */
  readonly gateways: readonly string[];
  /** Identities in policies, and those that show certificates. */
  readonly principals: readonly string[];
  readonly peers: readonly string[];
  readonly serviceAccounts: readonly string[];
  readonly hosts: readonly string[];
  readonly hostPatterns: readonly string[];
  /** The workloads' own ports; and others that policies may name. */
  readonly ports: readonly number[];
  readonly otherPorts: readonly number[];
  readonly sources: readonly string[];
  readonly blocks: readonly string[];
  readonly destinationBlocks: readonly string[];
  /** Rules for tokens; the texts of tokens, good ones and others. */
  readonly jwtRules: readonly JwtRule[];
  readonly tokens: readonly string[];
  readonly issuers: readonly string[];
  /** Of the CUSTOM policies. */
  readonly provider?: string;
}
