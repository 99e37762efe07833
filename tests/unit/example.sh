#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# lib/ used by somebody else: the example compiles as lib/README.md says, by
# itself, and prints what that shows.
set -eu
top=$(cd "${srcdir:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$top"
# shellcheck disable=SC2046 # a command of words, and a pattern among them
${CC:-cc} $(sed -n 's/^    cc \(-std.*\)/\1/p' lib/README.md) \
    -Wall -Wextra -Werror -o "$work/example"
"$work/example" >"$work/out"
sed -n '/^    [1-9at].*stores$/p; /^        [a-z]*: /p' lib/README.md |
    sed 's/^    //' >"$work/shown"
[ "$(wc -l <"$work/shown")" -ge 6 ] || {
    echo 'example: lib/README.md shows too little'
    exit 1
}
while IFS= read -r line; do
    grep -Fxq "$line" "$work/out" || {
        echo "example: it does not print '$line', as lib/README.md has it:"
        cat "$work/out"
        exit 1
    }
done <"$work/shown"
