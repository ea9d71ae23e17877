/** An agent that cannot do what it was started for; `message` says what is wrong and `hint` what to do, each in one line. */
export class AgentError extends Error {
  readonly code: "already-running" | "no-identity" | "no-root" | "no-token";
  readonly hint: string;

  constructor(code: AgentError["code"], message: string, hint: string) {
    super(message);
    this.name = "AgentError";
    this.code = code;
    this.hint = hint;
  }
}
