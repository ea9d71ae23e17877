/**
 * Which of the rules at a place takes a connection. The address comes first, then the server name, and the more specific of
 * each wins; who is chosen by the one and fails by the other gets what is for all else. See Envoy, FilterChainMatch.
 */
import ipaddr from "ipaddr.js";
import { covers } from "./hosts.js";
import type { Connection } from "./objects.js";

/** What a rule asks for. */
export interface Conditions {
  readonly names: readonly string[];
  readonly subnets: readonly string[];
  /** Only requests in plaintext. */
  readonly forRequests: boolean;
}

/** -1 of what does not fit, 0 of what asks for nothing, more of what is more specific. */
function fitBy<Value>(values: readonly Value[], fitOf: (value: Value) => number): number {
  return values.length === 0 ? 0 : Math.max(...values.map(fitOf));
}

function subnetFit(subnet: string, address: string): number {
  const [prefix = "", length = "32"] = subnet.split("/");
  const isIn = ipaddr.parse(address).match(ipaddr.parse(prefix), Number(length));
  return isIn ? Number(length) + 1 : -1;
}

function nameFit(name: string, serverName: string): number {
  if (name === serverName) return Number.MAX_SAFE_INTEGER;
  return name.startsWith("*") && covers(name, serverName) ? name.length : -1;
}

const best = <Rule>(rules: readonly Rule[], fitOf: (rule: Rule) => number): readonly Rule[] => {
  const top = Math.max(0, ...rules.map(fitOf));
  return rules.filter((one) => fitOf(one) === top);
};

/** Whether it takes whatever nothing else takes. */
const isOpen = ({ names, subnets, forRequests }: Conditions): boolean =>
  names.length === 0 && subnets.length === 0 && !forRequests;

/** The rule that takes a connection; undefined when none does. Of those that ask for the same the first counts. */
export function chosenRule<Rule extends Conditions>(
  rules: readonly Rule[],
  { address, begins, serverName }: Connection,
): Rule | undefined {
  const closed = rules.filter((one) => !isOpen(one));
  const atAddress = best(closed, ({ subnets }) => fitBy(subnets, (one) => subnetFit(one, address)));
  const named = best(atAddress, ({ names }) =>
    fitBy(names, (one) => (begins === "tls" ? nameFit(one, serverName.toLowerCase()) : -1)),
  );
  const isRequest = begins === "request";
  const left = best(named, ({ forRequests }) => (forRequests ? (isRequest ? 1 : -1) : 0));
  return left[0] ?? rules.find(isOpen);
}
