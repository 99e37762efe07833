/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_fx.h - the tests of fakexen's page types, one program.
 */
#ifndef DW_TEST_FX_H
#define DW_TEST_FX_H

#include <string.h>

#include "fx_world.h"
#include "unit_random.h"

TCase *test_fx_random(void);

#endif /* DW_TEST_FX_H */
