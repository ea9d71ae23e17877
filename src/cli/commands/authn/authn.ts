import { Command } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { formatOption } from "../../options/format-option.js";
import type { TlsCheckOptions } from "./run-tls-check.js";

const HELP = `
SERVER is what the PeerAuthentications say for the workloads of the host, CLIENT what the DestinationRule says for its callers;
- means that nothing is said. Without a rule, a client speaks mutual TLS to workloads that have a sidecar and plaintext to others,
and a workload without a sidecar accepts only plaintext: -o wide shows this, which resource decides it, the identities in the
certificates of both ends, and the reason for the status. A subset whose policy has TLS settings of its own has its own row.

Examples:
  $ fairlead authn tls-check my-service-0.default
  $ fairlead authn tls-check my-service-0.default payments.default.svc.cluster.local
  $ fairlead authn tls-check my-service-0.default payments -o wide`;

/** `fairlead authn`: how workloads prove who they are. */
export function authnCommand(context: CommandContext): Command {
  const tlsCheck = new Command("tls-check")
    .description("check whether a proxy and the services that it calls agree on TLS")
    .argument("<pod>", "the proxy that calls: NAME.NAMESPACE")
    .argument("[host]", "the host that it calls (default: all services)")
    .option("-n, --namespace <namespace>", "the namespace of a pod that is given without one")
    .addOption(formatOption("table", "short", "wide", "json", "yaml"));
  addConnectionFlags(tlsCheck, context)
    .addHelpText("after", HELP)
    .action(async (pod: string, host: string | undefined, options: TlsCheckOptions) => {
      const { runTlsCheck } = await import("./run-tls-check.js");
      await runTlsCheck(context, { pod, host }, options);
    });
  return new Command("authn")
    .description("inspect authentication")
    .addCommand(tlsCheck)
    .addHelpText("after", "\nExample:\n  $ fairlead authn tls-check my-service-0.default");
}
