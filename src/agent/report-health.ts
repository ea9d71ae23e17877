/** Tells the control plane how the application is, on a stream of Envoy's health discovery service. */

import { errorMessage } from "../base/error-message.js";
import { withController } from "../base/with-controller.js";
import { retryDelayMs } from "../ca/authority/renewal.js";
import type { AnswerListener, ClientCall } from "../grpc/client.js";
import type { AgentClock } from "./keep-identity.js";
import type { ProbedHealth } from "./probe-application.js";

/** That the control plane is not told now. */
export interface ReportEvent {
  readonly kind: "not-reported";
  readonly reason: string;
  readonly retryInMs: number;
}

/** How it is told. */
export interface ReportHealthOptions {
  /** Begins a stream, on which it was said already who this is. Rejects when that cannot be. */
  readonly begin: (listener: AnswerListener) => Promise<ClientCall>;
  readonly report: (health: ProbedHealth) => Buffer;
  /** It is said again after so long, in milliseconds: as long as the Envoy is not there yet, nothing is taken. */
  readonly everyMs: number;
  readonly clock: Pick<AgentClock, "now" | "wait">;
  /** Aborting it ends this. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: ReportEvent) => void;
}

/** A control plane that is back is to know soon, and a stream that lasted as long is not one that failed. */
const LONGEST_RETRY_MS = 5000;

/** What there is to tell. */
export interface HealthReports {
  /** Takes the place of what was told before. */
  readonly tell: (health: ProbedHealth) => void;
  /** Resolves when no stream is open any more. */
  readonly ended: Promise<void>;
}

/** Begins to tell, once there is something to. */
export function reportHealth(options: ReportHealthOptions): HealthReports {
  const { clock, signal, onEvent } = options;
  const news = createNews(signal);
  const follow = async (): Promise<void> => {
    await news.next();
    for (let failures = 1; !signal.aborted; failures++) {
      const begun = clock.now();
      const reason = await untilEnd(options, news);
      if (isAborted(signal)) return;
      if (clock.now() - begun > LONGEST_RETRY_MS) failures = 1;
      const retryInMs = Math.min(LONGEST_RETRY_MS, retryDelayMs(failures));
      onEvent({ kind: "not-reported", reason, retryInMs });
      await clock.wait(retryInMs, signal);
    }
  };
  return { tell: news.tell, ended: follow() };
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** The latest of what there is to tell. */
interface News extends Pick<HealthReports, "tell"> {
  readonly latest: () => ProbedHealth | undefined;
  /** Resolves when there is something else to tell, or nobody wants it any more. */
  readonly next: () => Promise<void>;
}

function createNews(signal: AbortSignal): News {
  let latest: ProbedHealth | undefined;
  let wake = (): void => undefined;
  signal.addEventListener("abort", () => {
    wake();
  });
  return {
    tell: (health) => {
      latest = health;
      wake();
    },
    latest: () => latest,
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (signal.aborted) resolve();
      }),
  };
}

/** Tells by one stream, and resolves with why that has ended. */
async function untilEnd(
  { begin, report, everyMs, clock, signal }: ReportHealthOptions,
  news: News,
): Promise<string> {
  let reason: string | undefined;
  try {
    await withController(signal, async (over) => {
      const call = await begin({
        onMessage: () => undefined,
        onEnd: (refusal) => {
          reason = refusal?.message ?? "it has ended the stream";
          over.abort();
        },
      });
      while (!over.signal.aborted) {
        const health = news.latest();
        if (health !== undefined) call.write(report(health));
        await turn(news, (stop) => clock.wait(everyMs, stop), over.signal);
      }
      if (reason === undefined) call.cancel();
    });
  } catch (error) {
    reason = errorMessage(error);
  }
  return reason ?? "";
}

/** Resolves when there is something else to tell, when it is time, or the signal is aborted. */
function turn(
  news: News,
  wait: (stop: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  return withController(signal, async (over) => {
    await Promise.race([news.next(), wait(over.signal)]);
    over.abort();
  });
}
