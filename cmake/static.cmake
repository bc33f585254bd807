# Programs without shared libraries. A dynamic linker's work for the two programs of a sandbox was a fifth of the time from the command line
# to the guest's first instruction. Each library stands for its archive in targets that ask for it, for its shared object elsewhere (the
# workbench: Qt has shared objects alone).
#   link_statically(TARGET)
if(RINGSIDE_ASAN)
    set(RINGSIDE_STATIC OFF) # the sanitizers' runtimes replace libc's functions
endif()

set(wants_static $<BOOL:$<TARGET_PROPERTY:RINGSIDE_STATICALLY>>)

# Debian has no archive of fmt: its own source file is two lines, these.
set(fmt_source ${CMAKE_BINARY_DIR}/fmt.cpp)
file(CONFIGURE OUTPUT ${fmt_source} CONTENT [=[
// What libfmt's src/format.cc is: the library's definitions, and its templates for char.
#include <fmt/format-inl.h>
FMT_BEGIN_NAMESPACE
namespace detail {
template FMT_API auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
template FMT_API void buffer<char>::append(const char*, const char*);
template FMT_API void vformat_to(buffer<char>&, string_view, basic_format_args<buffer_context<char>>, locale_ref);
}
FMT_END_NAMESPACE
]=] @ONLY)
if(RINGSIDE_STATIC)
    # Every archive, or none at all.
    foreach(name sqlite3 zstd re2 xxhash seccomp boost_context c)
        find_library(RINGSIDE_${name}_ARCHIVE lib${name}.a)
        mark_as_advanced(RINGSIDE_${name}_ARCHIVE)
        if(NOT RINGSIDE_${name}_ARCHIVE)
            message(STATUS "lib${name}.a is not there: the programs use shared libraries")
            set(RINGSIDE_STATIC OFF)
        endif()
    endforeach()
endif()

add_library(ringside_fmt INTERFACE)
add_library(ringside_boost_context INTERFACE)
if(NOT RINGSIDE_STATIC)
    target_link_libraries(ringside_fmt INTERFACE fmt::fmt)
    target_link_libraries(ringside_boost_context INTERFACE Boost::context)
    return()
endif()

add_library(ringside_fmt_archive STATIC ${fmt_source})
target_compile_definitions(ringside_fmt_archive PRIVATE FMT_LIB_EXPORT)
target_link_libraries(ringside_fmt INTERFACE $<IF:${wants_static},ringside_fmt_archive,fmt::fmt>)
target_link_libraries(ringside_boost_context INTERFACE $<IF:${wants_static},${RINGSIDE_boost_context_ARCHIVE},Boost::context>)

# either(MODULE NAME): the imported target of pkg-config, as an archive where that is wanted.
function(either module name)
    get_target_property(shared PkgConfig::${module} INTERFACE_LINK_LIBRARIES)
    set_target_properties(PkgConfig::${module} PROPERTIES INTERFACE_LINK_LIBRARIES "$<IF:${wants_static},${RINGSIDE_${name}_ARCHIVE},${shared}>")
endfunction()
either(SQLITE sqlite3)
either(ZSTD zstd)
either(XXHASH xxhash)
either(SECCOMP seccomp)

function(link_statically target)
    set_target_properties(${target} PROPERTIES RINGSIDE_STATICALLY ON)
    target_link_options(${target} PRIVATE -static-pie)
endfunction()
