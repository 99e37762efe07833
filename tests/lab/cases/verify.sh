# shellcheck shell=dash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases about verify share.
. "$(dirname "$0")/suspend.sh"

# is_clean NAME WHAT
is_clean() {
    status 0 "$2" domwright verify "$1"
    is "$out" "$1: 0 findings" "$2: 0 findings"
}

p2m() {
    domwright verify --json "$1" | sed -n 's/^ *"p2m": \(.*\),$/\1/p'
}
