/** The words of a text that has commas between them, without white space around each; none of a text that is not there. */
export const commaSeparated = (text = ""): readonly string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
