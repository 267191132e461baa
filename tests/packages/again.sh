#!/bin/sh
# again.sh PACKAGES: built elsewhere and later, the same commit makes the same packages, byte for byte.
packages=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

sleep 1 # times are in seconds
"$here/../../deploy/packages" "$folder/some/where" >"$folder/list" 2>"$folder/log" || {
    tail -n 30 "$folder/log"
    exit 1
}
[ "$(wc -l <"$folder/list")" -eq 5 ] || { echo "FAILED: it lists $(cat "$folder/list")" && failed=1; }
while read -r package; do
    cmp "$package" "$packages/$(basename "$package")" || failed=1
done <"$folder/list"

[ "$failed" -eq 0 ] && echo 'the packages are the same'
exit "$failed"
