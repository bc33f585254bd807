// How AddressSanitizer behaves in the Sentry; empty in builds without it. A confined Sentry can start no process: neither the search for
// leaks nor a symbolizer works there (addr2line takes the offsets that a report prints).

#ifdef RINGSIDE_ASAN

extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options()
{
    return "detect_leaks=0:symbolize=0:use_sigaltstack=0:handle_segv=0:handle_sigbus=0";
}

extern "C" const char* __ubsan_default_options();

extern "C" const char* __ubsan_default_options()
{
    return "symbolize=0:print_stacktrace=1";
}

#endif
