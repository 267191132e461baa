# One target that carries the warnings; every target of the project links it privately.
option(HEALTHD_WERROR "treat warnings as errors" OFF)

add_library(healthd_warnings INTERFACE)
target_compile_options(healthd_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wswitch-enum -Wcast-qual -Wcast-align -Wformat=2 -Wundef -Wvla
    -Wpointer-arith -Wwrite-strings
    $<$<BOOL:${HEALTHD_WERROR}>:-Werror>)
