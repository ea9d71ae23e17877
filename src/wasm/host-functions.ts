/** What Envoy's host of proxy-wasm gives to modules; it loads none that imports anything else. Seen of Envoy 1.40. */

/** How a module says for which of the interfaces it was made. */
export const ABI_EXPORTS = [
  "proxy_abi_version_0_1_0",
  "proxy_abi_version_0_2_0",
  "proxy_abi_version_0_2_1",
] as const;

type AbiExport = (typeof ABI_EXPORTS)[number];

const EVERYWHERE = [
  "add_header_map_value",
  "call_foreign_function",
  "define_metric",
  "dequeue_shared_queue",
  "done",
  "enqueue_shared_queue",
  "get_buffer_bytes",
  "get_buffer_status",
  "get_current_time_nanoseconds",
  "get_header_map_pairs",
  "get_header_map_size",
  "get_header_map_value",
  "get_metric",
  "get_property",
  "get_shared_data",
  "get_status",
  "grpc_call",
  "grpc_cancel",
  "grpc_close",
  "grpc_send",
  "grpc_stream",
  "http_call",
  "increment_metric",
  "log",
  "record_metric",
  "register_shared_queue",
  "remove_header_map_value",
  "replace_header_map_value",
  "resolve_shared_queue",
  "send_local_response",
  "set_buffer_bytes",
  "set_effective_context",
  "set_header_map_pairs",
  "set_property",
  "set_shared_data",
  "set_tick_period_milliseconds",
] as const;

const BY_ABI: Readonly<Record<AbiExport, readonly string[]>> = {
  proxy_abi_version_0_1_0: [
    "clear_route_cache",
    "continue_request",
    "continue_response",
    "get_configuration",
  ],
  proxy_abi_version_0_2_0: ["close_stream", "continue_stream"],
  proxy_abi_version_0_2_1: ["close_stream", "continue_stream", "get_log_level"],
};

const OF_EMSCRIPTEN = ["emscripten_notify_memory_growth", "pthread_equal"] as const;

/** All of WASI, preview 1, but proc_raise. */
const OF_WASI = [
  "args_get",
  "args_sizes_get",
  "clock_res_get",
  "clock_time_get",
  "environ_get",
  "environ_sizes_get",
  "fd_advise",
  "fd_allocate",
  "fd_close",
  "fd_datasync",
  "fd_fdstat_get",
  "fd_fdstat_set_flags",
  "fd_fdstat_set_rights",
  "fd_filestat_get",
  "fd_filestat_set_size",
  "fd_filestat_set_times",
  "fd_pread",
  "fd_prestat_dir_name",
  "fd_prestat_get",
  "fd_pwrite",
  "fd_read",
  "fd_readdir",
  "fd_renumber",
  "fd_seek",
  "fd_sync",
  "fd_tell",
  "fd_write",
  "path_create_directory",
  "path_filestat_get",
  "path_filestat_set_times",
  "path_link",
  "path_open",
  "path_readlink",
  "path_remove_directory",
  "path_rename",
  "path_symlink",
  "path_unlink_file",
  "poll_oneoff",
  "proc_exit",
  "random_get",
  "sched_yield",
  "sock_accept",
  "sock_recv",
  "sock_send",
  "sock_shutdown",
] as const;

const WASI_MODULES = ["wasi_snapshot_preview1", "wasi_unstable"] as const;

/** The functions that a module of an interface may import, as `MODULE.NAME`. */
export function hostFunctions(abi: AbiExport): ReadonlySet<string> {
  return new Set([
    ...[...EVERYWHERE, ...BY_ABI[abi]].map((name) => `env.proxy_${name}`),
    ...OF_EMSCRIPTEN.map((name) => `env.${name}`),
    ...WASI_MODULES.flatMap((module) => OF_WASI.map((name) => `${module}.${name}`)),
  ]);
}
