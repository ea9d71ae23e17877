import luaparse from "luaparse";

/** Where and why a text is no script of Lua, as LuaJIT reads it, which Envoy runs scripts by. */
export interface LuaProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/**
 * A statement before the script that does nothing. The parser says near which symbol another is not expected, and cannot say it of
 * the very first: it ends with a TypeError, or names what a script that it read before had at that place.
 */
const BEGINNING = "do end ";
const NEAR_BEGINNING = " near 'end'";
/** A first line that begins so is no part of the script. */
const FIRST_LINE = /^(?:#[^\n]*\n?)?/;

/** What of a script cannot be read; undefined of one that can. What happens when it runs is not known. */
export function luaProblem(code: string): LuaProblem | undefined {
  try {
    luaparse.parse(code.replace(FIRST_LINE, `$&${BEGINNING}`), {
      luaVersion: "LuaJIT",
      comments: false,
    });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return { line: 1, message: "it is nested too deeply" };
    if (!(error instanceof SyntaxError)) throw error;
    // The message begins with the place, `[LINE:COLUMN] `.
    const [, line = "1", message = error.message] =
      /^\[(\d+):\d+\] (.*)$/s.exec(error.message) ?? [];
    const isNearBeginning = message.endsWith(NEAR_BEGINNING) && !code.includes("end");
    return {
      line: Number(line),
      message: isNearBeginning ? message.slice(0, -NEAR_BEGINNING.length) : message,
    };
  }
}
