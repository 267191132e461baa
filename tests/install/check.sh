#!/bin/sh
# check.sh BUILD: what is installed can be built against, needs libc alone, and exports what it always did.
build=$1
here=$(cd "$(dirname "$0")" && pwd)
example=$here/../../docs/examples/controller.c
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
failed=0

fail() {
    printf 'FAILED: %s\n' "$*"
    failed=1
}

# say LINES EXPECTED: the controller reads these observations; then it prints that line, not seen before.
say() {
    seen=$(wc -l <"$prefix/out")
    printf '%s\n' "$1" >&3
    tries=0
    while ! tail -n "+$((seen + 1))" "$prefix/out" | grep -qxF -e "$2"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 250 ]; then
            fail "after \"$1\" the controller does not say \"$2\" but: $(cat "$prefix/out")"
            return
        fi
        sleep 0.02
    done
}

# control: a cluster comes up, a node is silent, answers again, and dies.
control() {
    mkfifo "$prefix/in"
    : >"$prefix/out"
    LD_LIBRARY_PATH=$libraries "$prefix/controller" n1 n2 n3 <"$prefix/in" >"$prefix/out" 2>"$prefix/err" &
    controller=$!
    exec 3>"$prefix/in"
    rm "$prefix/in"
    say '100 n1 member 7 3
110 n2 member 7 3
120 n3 member 7 3' 'the cluster is green: it serves with the expected number of nodes'
    say '1100 n1 member 7 3
1110 n2 member 7 3
1120 n3 timeout' 'n3 is unknown: nothing answers: silence proves nothing'
    say '1500 n3 member 7 3' 'n3 is green: it answers, is Synced, ready and in the Primary component'
    ! grep -q replace "$prefix/out" || fail "a silent node is replaced: $(cat "$prefix/out")"
    say '2100 n1 member 7 3
2110 n2 member 7 3
2500 n3 refused
3100 n1 member 7 3
3110 n2 member 7 3
3500 n3 refused
4100 n1 member 7 3
4110 n2 member 7 3
4500 n3 refused' '-> replace n3'
    printf '4600 n4 refused\n' >&3
    exec 3>&-
    wait "$controller" || fail "the controller ends with $?"
    grep -qx 'an argument is outside its range: 4600 n4 refused' "$prefix/err" ||
        fail "the controller complains of this: $(cat "$prefix/err")"
}

# try COMPILER ARGUMENT...: the example is built with these and does what it should.
try() {
    compiler=$1
    shift
    if "$compiler" -std=c17 -Wall -Wextra -Wpedantic -Werror "$example" -o "$prefix/controller" "$@"; then
        control
    else
        fail "$compiler cannot build the controller with $*"
    fi
}

cmake --install "$build" --prefix "$prefix" >"$prefix/log" 2>&1 || fail "$(cat "$prefix/log")"
library=$(find "$prefix" -name 'libhealthd.so.0')
libraries=$(dirname "$library")
export PKG_CONFIG_PATH="$libraries/pkgconfig"
for compiler in gcc clang; do
    # shellcheck disable=SC2046
    try "$compiler" $(pkg-config --cflags --libs healthd)
    # shellcheck disable=SC2046
    try "$compiler" $(pkg-config --cflags healthd) "$libraries/libhealthd.a"
done
# The manual's example, too.
sed -n '/^\.Bd -literal/,/^\.Ed/p' "$here/../../docs/man/libhealthd.3" | grep -v '^\.' >"$prefix/manual.c"
# shellcheck disable=SC2046
gcc -std=c17 -Wall -Wextra -Werror "$prefix/manual.c" -o "$prefix/manual" $(pkg-config --cflags --libs healthd) ||
    fail "the manual's example cannot be built"
[ "$(LD_LIBRARY_PATH=$libraries "$prefix/manual")" = green ] || fail "the manual's example does not say green"
[ "$(wc -l <"$example")" -lt 150 ] || fail 'the example has grown'
version=$(sed -n 's/^project(healthd VERSION \([0-9.]*\).*/\1/p' "$here/../../CMakeLists.txt")
[ "$(pkg-config --modversion healthd)" = "$version" ] || fail 'pkg-config tells another version'

# Some build with a library directory that is not below the prefix.
other=$prefix/other
cmake -S "$here/../.." -B "$other/build" -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX="$other/usr" \
    -DCMAKE_INSTALL_LIBDIR="$other/lib64" >"$prefix/log" 2>&1 || fail "$(cat "$prefix/log")"
mkdir -p "$other/lib64/pkgconfig"
cp "$other/build/cmake/libhealthd/healthd.pc" "$other/lib64/pkgconfig"
for place in prefix=usr libdir=lib64 includedir=usr/include; do
    told=$(PKG_CONFIG_PATH=$other/lib64/pkgconfig pkg-config --variable="${place%=*}" healthd)
    [ "$(realpath -m "$told")" = "$(realpath -m "$other/${place#*=}")" ] || fail "pkg-config tells $place as $told"
done

readelf -d "$library" | grep -q 'SONAME.*\[libhealthd.so.0\]' || fail 'the SONAME is not libhealthd.so.0'
needed=$(readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v '^libc\.so')
[ -z "$needed" ] || fail "the library needs $needed"
# Who has linked with this SONAME counts on each of these. What is taken away needs another SONAME.
nm -D --defined-only "$library" | awk '{ print $NF }' | LC_ALL=C sort >"$prefix/symbols"
diff "$here/symbols" "$prefix/symbols" || fail 'the library exports something else than tests/install/symbols'
! grep -v '^health_' "$prefix/symbols" || fail 'the library exports strange names'
for program in healthctl healthd-bench; do
    "$prefix/bin/$program" --help >/dev/null || fail "$program is not installed"
done

for place in bash-completion/completions/healthctl zsh/vendor-completions/_healthctl \
    fish/vendor_completions.d/healthctl.fish; do
    [ -f "$prefix/share/$place" ] || fail "share/$place is not installed"
done

[ "$failed" -eq 0 ] && echo 'what is installed can be used'
exit "$failed"
