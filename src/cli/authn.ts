import { Command } from "commander";
import { addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import { formatOption } from "./format-option.js";
import type { TlsCheckOptions } from "./run-tls-check.js";

const HELP = `
SERVER is what the PeerAuthentications say for the workloads of the host, CLIENT what the DestinationRule says for who calls
it; - is nothing. In fact a client without a rule speaks mutual TLS to workloads that have a sidecar and plaintext to
others, and a workload without a sidecar takes plaintext alone: -o wide shows that, which resource decides where, the
identities in the certificates of both ends, and the reason of the status. A subset whose policy says how it is called has a
row of its own.

Examples:
  $ fairlead authn tls-check my-service-0.default
  $ fairlead authn tls-check my-service-0.default payments.default.svc.cluster.local
  $ fairlead authn tls-check my-service-0.default payments -o wide`;

/** `fairlead authn`: how workloads prove who they are. */
export function authnCommand(context: CommandContext): Command {
  const tlsCheck = new Command("tls-check")
    .description("whether a proxy and those that it calls agree on TLS")
    .argument("<pod>", "the proxy that calls: NAME.NAMESPACE")
    .argument("[host]", "whom it calls; all services when absent")
    .option("-n, --namespace <namespace>", "of a pod that is given by its name alone")
    .addOption(formatOption("table", "short", "wide", "json", "yaml"));
  addConnectionFlags(tlsCheck, context)
    .addHelpText("after", HELP)
    .action(async (pod: string, host: string | undefined, options: TlsCheckOptions) => {
      const { runTlsCheck } = await import("./run-tls-check.js");
      await runTlsCheck(context, { pod, host }, options);
    });
  return new Command("authn")
    .description("look into authentication")
    .addCommand(tlsCheck)
    .addHelpText("after", "\nExample:\n  $ fairlead authn tls-check my-service-0.default");
}
