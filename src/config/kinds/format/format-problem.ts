/** A command such as `%START_TIME(%Y)%` or `%REQ(x-id):8%`, or a percent sign, `%%`. */
const COMMAND = /%(?:%|[A-Z0-9_]+(?:\(.*?\))?(?::(\d+))?%)/y;
const LONGEST_LENGTH = 2n ** 64n;

/**
 * Why a text is no format string of Envoy's, for logs and headers: a percent sign is written `%%`, or it begins a command
 * that ends. Whether Envoy has the command is not looked at, since extensions and other versions have others.
 * See Envoy, "Access logging", format strings.
 */
export function formatProblem(text: string): string | undefined {
  let at = text.indexOf("%");
  while (at >= 0) {
    COMMAND.lastIndex = at;
    const [command, length] = COMMAND.exec(text) ?? [];
    if (command === undefined || (length !== undefined && BigInt(length) >= LONGEST_LENGTH)) {
      return `has no command of Envoy's at character ${at + 1}: write %% for a percent sign`;
    }
    at = text.indexOf("%", at + command.length);
  }
  return undefined;
}
