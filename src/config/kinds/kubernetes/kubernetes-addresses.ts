import type { Path } from "../../kind.js";
import { ipProblem } from "../value/addresses.js";
import { domainProblem, isIpAddress } from "../value/dns-names.js";
import type { Findings } from "../value/findings.js";

/** An error at an address of a Kubernetes resource, when there is a problem. */
export function* refuseAddress(path: Path, problem: string | undefined): Findings {
  if (problem !== undefined) yield { path, code: "invalid-address", message: problem };
}

/** Refuses what is no IP address, as Kubernetes' API server does. */
export function checkIp(address: string, path: Path): Findings {
  return refuseAddress(path, ipProblem(address));
}

/** The same, where `""` means that there is none yet. */
export function checkIpOrNone(address: string, path: Path): Findings {
  return address === "" ? [] : checkIp(address, path);
}

/** Refuses what stands for the address of a Service and is neither one nor the word for having none. */
export function checkClusterIp(address: string, path: Path): Findings {
  return address === "None" ? [] : checkIpOrNone(address, path);
}

/** Refuses what is neither the name of a host nor an IP address. */
export function checkHostOrIp(host: string, path: Path): Findings {
  return isIpAddress(host) ? [] : refuseAddress(path, domainProblem(host));
}
