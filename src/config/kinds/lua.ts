import luaparse from "luaparse";

/** Where and why a text is no script of Lua, as LuaJIT reads it, which Envoy runs scripts by. */
export interface LuaProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** What of a script cannot be read; undefined of one that can. What happens when it runs is not known. */
export function luaProblem(code: string): LuaProblem | undefined {
  try {
    luaparse.parse(code, { luaVersion: "LuaJIT", comments: false });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return { line: 1, message: "it is nested too deeply" };
    if (!(error instanceof SyntaxError)) throw error;
    // The message begins with the place, `[LINE:COLUMN] `.
    const [, line = "1", message = error.message] =
      /^\[(\d+):\d+\] (.*)$/s.exec(error.message) ?? [];
    return { line: Number(line), message };
  }
}
