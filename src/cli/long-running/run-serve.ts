import { resolve } from "node:path";
import type { Logger } from "pino";
import { type ControlPlane, startControlPlane } from "../../app.js";
import { defined } from "../../base/defined.js";
import { type Diagnostic, diagnosticLines } from "../../base/diagnostic.js";
import type { HostPort } from "../../base/text/host-port.js";
import { visibleLines } from "../../base/text/visible-text.js";
import { type CommandContext, stopped } from "../context.js";
import { absolute, type parseServiceAccount } from "../options/arguments.js";
import { KEY_TYPES } from "../options/key-types.js";
import { calledServers } from "./called-servers.js";
import type { CalledServersOptions } from "./called-servers-options.js";
import { createLogger } from "./create-logger.js";
import { collectAtRest, runAsControlPlane, runAsServing } from "./v8-flags.js";

/** The options of `fairlead serve`. */
export interface ServeOptions extends CalledServersOptions {
  readonly config: readonly string[];
  readonly secrets?: string;
  readonly state: string;
  readonly address: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  readonly tlsName?: readonly string[];
  readonly operator?: readonly ReturnType<typeof parseServiceAccount>[];
  readonly workloadTtl?: number;
  readonly workloadKey: keyof typeof KEY_TYPES;
  readonly cacerts?: string;
  readonly trustBundles?: string;
  readonly crl?: string;
  readonly peer?: readonly HostPort[];
  readonly jwtIssuers?: string;
  readonly logLevel: string;
}

/** Runs the control plane until the command is to end. */
export async function runServe(context: CommandContext, options: ServeOptions): Promise<void> {
  runAsControlPlane();
  const logger = createLogger(context, options.logLevel);
  const tell = diagnosticTeller(context, logger);
  const controlPlane = await startControlPlane({
    configDirs: options.config,
    stateDir: resolve(options.state),
    address: options.address,
    plaintextPort: options.port,
    tlsPort: options.tlsPort,
    httpPort: options.httpPort,
    workloadKeyType: KEY_TYPES[options.workloadKey],
    ...defined({
      secretsDir: options.secrets,
      tlsNames: options.tlsName,
      workloadTtlMs: options.workloadTtl,
      operators: options.operator,
      cacertsDir: absolute(options.cacerts),
      trustBundlesDir: absolute(options.trustBundles),
      crlFile: absolute(options.crl),
      peers: options.peer,
      jwtIssuersFile: absolute(options.jwtIssuers),
    }),
    ...calledServers(options),
    logger,
  });
  try {
    tell(controlPlane.diagnostics());
    controlPlane.onUpdate(({ newDiagnostics }) => {
      tell(newDiagnostics);
    });
    announce(logger, controlPlane, options.address);
    runAsServing();
    const stopCollecting = collectAtRest(controlPlane.isAtRest);
    await stopped(context);
    stopCollecting();
    logger.info("stopping");
  } finally {
    await controlPlane.close();
  }
}

function announce(logger: Logger, controlPlane: ControlPlane, address: string): void {
  const { plaintextPort, tlsPort, httpPort } = controlPlane;
  logger.info({ address, plaintextPort, tlsPort, httpPort }, "serving");
}

const LOG_METHOD = { error: "error", warning: "warn", note: "info" } as const;

/** People get the source line and a caret, programs the parts. */
function diagnosticTeller(
  { stdout }: CommandContext,
  logger: Logger,
): (diagnostics: readonly Diagnostic[]) => void {
  return (diagnostics) => {
    for (const diagnostic of diagnostics) {
      const { severity, code, message, position, resource } = diagnostic;
      if (stdout.isTerminal) stdout.write(visibleLines(diagnosticLines(diagnostic)));
      else logger[LOG_METHOD[severity]]({ code, position, resource }, message);
    }
  };
}
