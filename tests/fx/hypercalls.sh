#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hostile hypercalls, from a few seeds.
for seed in 1 2 3 4 5 6 7 8; do
    tests/fx/hypercalls "$seed" 20000 || exit 1
done
