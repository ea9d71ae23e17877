import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type AgentOptions, runAgent } from "../../../agent/agent.js";
import { beginHealthStream, healthMessage } from "../../../agent/health-stream.js";
import { identityFiles } from "../../../agent/identity-files.js";
import type { AgentClock } from "../../../agent/keep-identity.js";
import { openTokenFile } from "../../../agent/token-file.js";
import { readDescriptors, readOwnDescriptors } from "../../../app/package-files.js";
import { defined } from "../../../base/defined.js";
import { formatHostPort } from "../../../base/text/host-port.js";
import { requestCertificate } from "../../../ca/issue/certificate-client.js";
import { CERTIFICATE_SERVICE } from "../../../ca/issue/certificate-service.js";
import { serviceDefinition } from "../../../debug/grpc-service.js";
import type { ControlPlaneAddress } from "../../../envoy/bootstrap/control-plane-cluster.js";
import { proxyEnvironment } from "../../../envoy/bootstrap/node.js";
import { createEncoder } from "../../../envoy/resource/encoder.js";
import { findEnvoy } from "../../../up/envoy/envoy-binary.js";
import { startEnvoy } from "../../../up/envoy/envoy-process.js";
import type { CommandContext } from "../../context.js";
import { createLogger } from "../../long-running/create-logger.js";
import { absolute } from "../../options/arguments.js";
import { agentPath } from "../../options/state-path.js";
import {
  controlPlaneToJoin,
  givenRoots,
  type JoinOptions,
} from "../bootstrap/control-plane-to-join.js";
import {
  type BootstrapContentOptions,
  type WrittenBootstrap,
  writtenBootstrap,
} from "../bootstrap/written-bootstrap.js";
import { agentLog } from "./agent-log.js";

/** The options of `fairlead agent`. */
export interface AgentCommandOptions extends BootstrapContentOptions, JoinOptions {
  readonly tokenFile?: string;
  readonly identity?: string;
  readonly envoy?: string | boolean;
  readonly drainTime: number;
}

const CLOCK: AgentClock = {
  now: Date.now,
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
  random: Math.random,
};

/** Runs an agent until the command is to end. */
export async function runAgentCommand(
  context: CommandContext,
  options: AgentCommandOptions,
  envoyArguments: readonly string[],
): Promise<void> {
  const server = controlPlaneToJoin(options);
  const directory = resolve(options.identity ?? agentPath(context.environment, options.workload));
  const identity = identityFiles(directory);
  const written = await writtenBootstrap(options, context, {
    transport: "tls",
    ...server,
    identity,
  });
  const { namespace, serviceAccount } = written.node;
  const wanted = { namespace, serviceAccount };
  const tokenFile = absolute(options.tokenFile);
  const token = tokenFile === undefined ? undefined : openTokenFile(tokenFile);
  const roots = await givenRoots(options);
  const probe = await probeOf(options, written, server);
  const envoy = await envoyOf(context, options, { written, directory, envoyArguments });
  await runAgent({
    wanted,
    directory,
    ...defined({ givenRoots: roots, token, envoy, probe }),
    certify: await certifier(server),
    clock: CLOCK,
    onEvent: agentLog(createLogger(context, "info"), {
      wanted,
      controlPlane: formatHostPort(server),
      tokenFile,
    }),
    signal: context.stop,
  });
}

async function certifier(server: ControlPlaneAddress): Promise<AgentOptions["certify"]> {
  const api = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readOwnDescriptors()));
  const definition = serviceDefinition(api, CERTIFICATE_SERVICE);
  return (roots, proof, csr) => requestCertificate(definition, { ...server, roots }, proof, csr);
}

/** How it asks its application itself; undefined when it does not. */
async function probeOf(
  options: AgentCommandOptions,
  { bootstrap }: WrittenBootstrap,
  server: ControlPlaneAddress,
): Promise<AgentOptions["probe"]> {
  if (options.commandProbe !== true) return undefined;
  const { readCommandProbe } = await import("./read-command-probe.js");
  const probe = await readCommandProbe(options);
  const encoder = createEncoder(await readDescriptors());
  const node = bootstrap["node"] as object;
  return {
    probe,
    begin: (identity, roots, listener) =>
      beginHealthStream({ encoder, node, server: { ...server, roots }, identity }, listener),
    report: (health) => healthMessage(encoder, health),
  };
}

/** How its Envoy is run; undefined when somebody else runs it. */
async function envoyOf(
  { environment, installation, stdout }: CommandContext,
  { envoy, drainTime }: AgentCommandOptions,
  run: {
    readonly written: WrittenBootstrap;
    readonly directory: string;
    readonly envoyArguments: readonly string[];
  },
): Promise<AgentOptions["envoy"]> {
  if (envoy === false) return undefined;
  const { bootstrap, node, admin } = run.written;
  const named = typeof envoy === "string" ? envoy : environment["FAIRLEAD_ENVOY"];
  const { file } = await findEnvoy({ named, path: environment["PATH"], installation });
  return {
    launch: (output) =>
      startEnvoy({
        binary: file,
        bootstrap,
        directory: run.directory,
        admin,
        ...defined({ output }),
        // One thread for each CPU, as an Envoy has that is started by itself.
        concurrency: 0,
        environment: { ...proxyEnvironment(node), ...defined(environment) },
        arguments: run.envoyArguments,
      }),
    write: (text) => {
      stdout.write(text);
    },
    // A sidecar goes on to carry the calls of its application, which may have something to end as well.
    drainPath: `/drain_listeners?graceful${node.type === "sidecar" ? "&inboundonly" : ""}`,
    drainMs: drainTime,
  };
}
