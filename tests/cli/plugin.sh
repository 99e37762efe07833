#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The plugin loads beside the libxenguest that it was built for and no other.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

plugin=$top/src/builder/.libs/plugin.so

# preloaded COMMAND...: runs it with the plugin.
preloaded() {
    checks=$((checks + 1))
    status=0
    env LD_PRELOAD="$plugin" LD_LIBRARY_PATH="$kernels" "$@" \
        >out 2>err </dev/null || status=$?
}

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$plugin" | grep -q libasan; then
    echo 'the plugin cannot be preloaded with sanitizers'
    exit 77
fi

# A program that has no libxenguest of its own.
preloaded sh -c 'echo goes on'
[ "$status" = 0 ] || wrong 'sh does not run under it'
prints '^goes on$'
[ ! -s err ] || wrong 'it has something to say to sh'

preloaded "$kernels/other-xenguest"
[ "$status" = 1 ] || wrong "status $status beside another libxenguest"
[ ! -s out ] || wrong 'the program ran'
grep -qx 'domwright: this plugin is for libxenguest\.so\.4\.17 and does not'\
' work with libxenguest\.so\.4\.99' err || wrong 'it does not say why'

finish
