/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page-table format that no hardware has: five levels of different widths,
 * each with its own key, its own place for the bits and its own codes for the
 * kinds.  An entry decoded at a wrong level is garbage, mostly a LEAF; so is
 * a slot of zeros, for EMPTY is not 0.  Levels 0, 1 and 3 take leaves, level
 * 2 between them does not.  Every leaf may be executed, but reading is said;
 * software has 0 to 5, of which 0 is no bits of 0; and what is valid has to be
 * broken first.
 */
#ifndef DW_TEST_PT_SCRAMBLED_H
#define DW_TEST_PT_SCRAMBLED_H

#include "pt/format.h"

extern const struct pt_format pt_scrambled;

#endif
