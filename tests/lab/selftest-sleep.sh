#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the lab's own tests interrupt.
echo sleeping
sleep 1000
