/** Where a reader of Envoy's header format is: in text, or in one of the parts of `%NAME(["a", "b"])%`. */
type Place =
  | "text"
  | "name"
  | "before-arguments"
  | "argument"
  | "before-argument"
  | "after-argument"
  | "after-list"
  | "after-arguments";

/** What a character does at a place: where it leads, or that it cannot be there. */
type Step = Place | "wrong";

/**
 * Why a text is not in the format of Envoy's custom headers: a percent sign begins a variable, `%START_TIME%` or
 * `%REQ(:path)%`, which has to end; `%%` is a percent sign.
 * See Envoy, "Custom request/response headers".
 */
export function headerFormatProblem(value: string): string | undefined {
  let place: Place = "text";
  for (let at = 0; at < value.length; at++) {
    const pair = value.slice(at, at + 2);
    // Two characters of which the second has lost its meaning.
    if ((place === "text" && pair === "%%") || (place === "argument" && pair.startsWith("\\"))) {
      at++;
      continue;
    }
    const next: Step = step(place, pair.charAt(0));
    if (next === "wrong") {
      return `${JSON.stringify(value)} has "${pair.charAt(0)}" where Envoy's format has none`;
    }
    place = next;
  }
  if (place === "text") return undefined;
  return `${JSON.stringify(value)} has a variable without an end: write %NAME%, or %% for a percent sign`;
}

function step(place: Place, character: string): Step {
  switch (place) {
    case "text":
      return character === "%" ? "name" : "text";
    case "name":
      if (character === "%") return "text";
      return character === "(" ? "before-arguments" : "name";
    case "before-arguments":
      if (character === "[") return "before-argument";
      return character === " " ? place : "argument";
    case "argument":
      if (character === ")") return "after-arguments";
      return character === '"' ? "after-argument" : "argument";
    default:
      return stepBetween(place, character);
  }
}

/** Between two parts, spaces aside, there is one character, or one of two, that goes on. */
function stepBetween(
  place: "before-argument" | "after-argument" | "after-list" | "after-arguments",
  character: string,
): Step {
  if (character === " ") return place;
  switch (place) {
    case "before-argument":
      return character === '"' ? "argument" : "wrong";
    case "after-argument":
      if (character === ",") return "before-argument";
      return character === "]" ? "after-list" : "wrong";
    case "after-list":
      return character === ")" ? "after-arguments" : "wrong";
    case "after-arguments":
      return character === "%" ? "text" : "wrong";
  }
}
