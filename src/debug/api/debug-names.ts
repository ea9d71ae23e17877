/** The names under which control planes and commands find each other on one machine. */
/** The name of fairlead's own debug API. */
export const DEBUG_SERVICE = "fairlead.debug.v1.DebugService";

/** The Unix socket in a state directory on which the debug endpoints are served. */
export const DEBUG_SOCKET = "debug.sock";
