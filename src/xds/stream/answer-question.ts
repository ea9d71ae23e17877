import { messageOf } from "../../grpc/message.js";
import type { ServerCall } from "../../grpc/server-call.js";
import type { Questions } from "../questions.js";
import type { Incoming } from "./dialect.js";

/**
 * Answers a question, one at a time: nothing more of the call is read until the answer is on its way.
 * @throws what Questions.answer throws
 */
export async function answerQuestion(
  call: ServerCall,
  { typeUrl, names }: Incoming,
  questions: Questions,
): Promise<void> {
  call.pause();
  const answer = await questions.answer({ typeUrl, names, peer: call.caller });
  if (call.hasEnded) return;
  await new Promise<void>((resolve) => {
    call.write(messageOf([answer]), resolve);
  });
  call.resume();
}
