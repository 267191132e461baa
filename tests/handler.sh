#!/bin/sh
# handler.sh GALERA_NODE: the example handler, with a systemctl of our own and no ssh.
set -eu
script=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/data"
log=$folder/log
for program in systemctl galera_new_cluster; do
    cat >"$folder/bin/$program" <<PROGRAM
#!/bin/sh
echo "\${0##*/} \$*" >>$log
[ "\$1" != is-active ] || exit \$(cat $folder/active)
PROGRAM
    chmod 755 "$folder/bin/$program"
done
export PATH="$folder/bin:$PATH" GALERA_LOCAL=1 GALERA_DATADIR="$folder/data" GALERA_UNIT=db
state=$folder/data/grastate.dat

fail() {
    echo "FAILED: $*" >&2
    cat "$log" "$state" >&2 || true
    exit 1
}
run() {
    : >"$log"
    code=0
    "$script" "$@" >"$folder/said" 2>&1 || code=$?
}
grastate() {
    printf '# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %s\n%s' "$1" "$2" "$3" >"$state"
}
uuid=a1b2c3d4-0000-1111-2222-333344445555

echo 1 >"$folder/active"
run start n1
{ [ $code = 0 ] && grep -qx 'systemctl start db' "$log"; } || fail start
run stop n1
{ [ $code = 0 ] && grep -qx 'systemctl stop db' "$log"; } || fail stop

# Only the permission changes, whatever it was.
for said in 'safe_to_bootstrap: 0
' 'safe_to_bootstrap: 1
' ''; do
    for seqno in 4711 -1; do
        grastate $uuid $seqno "$said"
        run bootstrap n1 "$uuid:4711"
        { [ $code = 0 ] && grep -q '^galera_new_cluster' "$log"; } || fail "bootstrap: $(cat "$folder/said")"
        [ "$(sed 's/  */ /' "$state")" = "$(printf '# GALERA saved state\nversion: 2.1\nuuid: %s\nseqno: %s\nsafe_to_bootstrap: 1' \
            $uuid $seqno)" ] || fail "grastate.dat"
    done
done

# What was not decided upon is left alone: another history, or another number than the one that is saved.
for found in "11111111-0000-1111-2222-333344445555 -1" "00000000-0000-0000-0000-000000000000 -1" "$uuid 4710"; do
    # shellcheck disable=SC2086 # uuid and seqno
    grastate $found 'safe_to_bootstrap: 0
'
    run bootstrap n1 "$uuid:4711"
    { [ $code = 1 ] && ! grep -q galera_new "$log" && grep -q 'safe_to_bootstrap: 0' "$state" &&
        grep -q "where $uuid:4711 was decided upon" "$folder/said"; } || fail "$found is bootstrapped"
done

# One that runs, or has no history, is left alone.
echo 0 >"$folder/active"
grastate $uuid 4711 'safe_to_bootstrap: 0
'
run bootstrap n1 "$uuid:4711"
{ [ $code = 1 ] && ! grep -q galera_new "$log" && grep -q 'safe_to_bootstrap: 0' "$state"; } || fail "it runs"
echo 1 >"$folder/active"
: >"$state"
run bootstrap n1 "$uuid:4711"
{ [ $code = 1 ] && ! grep -q galera_new "$log"; } || fail "no uuid"
rm "$state"
run bootstrap n1 "$uuid:4711"
{ [ $code = 1 ] && ! grep -q galera_new "$log"; } || fail "no file"

# shellcheck disable=SC2016 # nothing of it is to be expanded
for words in '' 'start' 'restart n1' 'start -oProxyCommand=x' 'start n1;reboot' 'bootstrap n1 $(x)' \
    'bootstrap n1' 'bootstrap n1 none' "bootstrap n1 $uuid" "bootstrap n1 $uuid:-1" 'bootstrap n1 4711:4711'; do
    set -f
    run $words
    set +f
    { [ $code = 2 ] && [ ! -s "$log" ]; } || fail "\"$words\" gave $code"
done
# The example's lines are the manual's.
documents=$(dirname "$script")/../..
actions() {
    sed -n 's/^[# ]*- {fault: /{fault: /p' "$1"
}
[ -n "$(actions "$documents/docs/handling.md")" ] || fail "handling.md has no actions"
[ "$(actions "$documents/docs/handling.md")" = "$(actions "$documents/deploy/healthd.yaml")" ] ||
    fail "docs/handling.md and deploy/healthd.yaml name different actions"
echo 'handler: starts, stops, and bootstraps without touching uuid and seqno'
