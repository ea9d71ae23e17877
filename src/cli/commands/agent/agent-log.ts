/** What an agent tells, in its log: never a key, never a token. */
import type { Logger } from "pino";
import type { AgentEvent } from "../../../agent/agent.js";
import type { WantedIdentity } from "../../../agent/identity.js";
import { formatSpiffeId } from "../../../ca/spiffe-id.js";

/** What the words depend on. */
export interface AgentLogOptions {
  readonly wanted: WantedIdentity;
  /** Such as `mesh.example.com:15012`. */
  readonly controlPlane: string;
  readonly tokenFile: string | undefined;
}

type Told<Kind extends AgentEvent["kind"]> = Extract<AgentEvent, { readonly kind: Kind }>;

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** Writes what an agent tells into a log. */
export function agentLog(logger: Logger, options: AgentLogOptions): (event: AgentEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "useless":
        logger.warn({ reason: event.reason }, "the certificate that is kept is of no use");
        break;
      case "found":
        logger.info(lifeOf(event), "the certificate that is kept is valid");
        break;
      case "certified":
        logger.info({ by: event.by, ...lifeOf(event) }, "a new certificate is kept");
        break;
      case "unkept":
        logger.error(
          { reason: event.reason, retryInMs: event.retryInMs },
          "a new certificate cannot be kept yet",
        );
        break;
      case "waiting":
        logger.warn(waitingFields(event, options), waitingText(event, options));
        break;
      case "draining":
        logger.info({ forMs: event.drainMs }, "Envoy ends its connections");
        break;
      case "not-drained":
        logger.warn({ reason: event.reason }, "Envoy ends without ending its connections first");
        break;
      case "health":
        tellHealth(logger, event);
        break;
      case "not-reported":
        logger.warn(
          { reason: event.reason, retryInMs: event.retryInMs },
          "the control plane is not told how the application is",
        );
        break;
      case "envoy":
        tellEnvoy(logger, event);
    }
  };
}

function lifeOf({ identity }: Told<"found" | "certified">): object {
  return { identity: formatSpiffeId(identity.workload), until: isoTime(identity.notAfter) };
}

function waitingText(
  { ended, needsToken }: Told<"waiting">,
  { controlPlane }: AgentLogOptions,
): string {
  const was = ended === undefined ? "" : `the certificate ended at ${isoTime(ended)}, and `;
  return needsToken
    ? `${was}a new join token is needed`
    : `${was}${controlPlane} has not certified the key yet`;
}

function waitingFields(
  { reason, retryInMs, needsToken }: Told<"waiting">,
  { wanted, tokenFile }: AgentLogOptions,
): object {
  const { namespace, serviceAccount } = wanted;
  const make = `make one with \`fairlead token create --service-account ${namespace}/${serviceAccount}\``;
  const give =
    tokenFile === undefined
      ? "and start the agent with --token-file"
      : `and write it to ${tokenFile}`;
  return { reason, ...(needsToken ? { todo: `${make}, ${give}` } : {}), retryInMs };
}

function tellHealth(logger: Logger, { health }: Told<"health">): void {
  if (health.status === "healthy") logger.info("the application is healthy");
  else logger.warn({ reason: health.reason }, "the application is not healthy");
}

function tellEnvoy(logger: Logger, { state }: Told<"envoy">): void {
  switch (state.phase) {
    case "starting":
      logger.info("Envoy starts");
      break;
    case "ready":
      logger.info({ afterMs: Math.round(state.startMs) }, "Envoy is ready");
      break;
    case "failed":
      logger.error({ reason: state.reason, retryInMs: state.retryInMs }, "Envoy is started again");
      break;
    case "stopped":
      logger.info("Envoy has ended");
  }
}
