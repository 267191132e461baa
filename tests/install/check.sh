#!/bin/sh
# check.sh BUILD: what is installed can be built against, needs libc alone, and exports health_ only.
build=$1
here=$(cd "$(dirname "$0")" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
failed=0

fail() {
    printf 'FAILED: %s\n' "$*"
    failed=1
}

cmake --install "$build" --prefix "$prefix" >"$prefix/log" 2>&1 || fail "$(cat "$prefix/log")"
library=$(find "$prefix" -name 'libhealthd.so.0')
libraries=$(dirname "$library")
export PKG_CONFIG_PATH="$libraries/pkgconfig"
# shellcheck disable=SC2046
cc -std=c17 -Wall -Wextra -Werror "$here/consumer.c" -o "$prefix/shared" $(pkg-config --cflags --libs healthd) ||
    fail 'a consumer cannot be built against the shared library'
[ "$(LD_LIBRARY_PATH=$libraries "$prefix/shared")" = 'unknown
green' ] || [ "$(LD_LIBRARY_PATH=$libraries "$prefix/shared")" = green ] || fail 'the consumer does not run'
# shellcheck disable=SC2046
cc -std=c17 "$here/consumer.c" -o "$prefix/static" $(pkg-config --cflags healthd) "$libraries/libhealthd.a" ||
    fail 'a consumer cannot be built against the static library'
"$prefix/static" | grep -q green || fail 'the static consumer does not run'

readelf -d "$library" | grep -q 'SONAME.*\[libhealthd.so.0\]' || fail 'the SONAME is not libhealthd.so.0'
needed=$(readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v '^libc\.so')
[ -z "$needed" ] || fail "the library needs $needed"
strange=$(nm -D --defined-only "$library" | awk '{ print $NF }' | grep -v '^health_')
[ -z "$strange" ] || fail "the library exports $strange"
[ "$(nm -D --defined-only "$library" | wc -l)" -gt 10 ] || fail 'the library exports too little'
for program in healthctl healthd-bench; do
    "$prefix/bin/$program" --help >/dev/null || fail "$program is not installed"
done

for place in bash-completion/completions/healthctl zsh/vendor-completions/_healthctl \
    fish/vendor_completions.d/healthctl.fish; do
    [ -f "$prefix/share/$place" ] || fail "share/$place is not installed"
done

[ "$failed" -eq 0 ] && echo 'what is installed can be used'
exit "$failed"
