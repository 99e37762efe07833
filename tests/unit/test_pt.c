/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test_pt.h"

#include <stdlib.h>

#include "pt_scrambled.h"

const struct pt_format *const test_format[TEST_FORMATS] = {
    &pt_x86_pae_pv, &pt_x86_64_pv, &pt_x86_64_native, &pt_scrambled,
    &pt_arm_s2_40,  &pt_arm_s2_32, &pt_arm_s2_36,     &pt_arm_s2_39,
    &pt_arm_s2_42,  &pt_arm_s2_43, &pt_arm_s2_44,     &pt_arm_s2_48,
};

uint64_t test_seed(void)
{
    const char *seed = getenv("PT_SEED");

    return seed != NULL ? strtoull(seed, NULL, 0) : 20230517;
}

int main(void)
{
    Suite *suite = suite_create("pt");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, format_tests());
    suite_add_tcase(suite, walk_tests());
    suite_add_tcase(suite, map_tests());
    suite_add_tcase(suite, trace_tests());
    suite_add_tcase(suite, tlb_tests());
    suite_add_tcase(suite, change_tests());
    suite_add_tcase(suite, unmap_tests());
    suite_add_tcase(suite, remap_tests());
    suite_add_tcase(suite, random_tests());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
