/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which nodes a guest is placed on: against the rules of xl-numa-placement(7),
 * written down once more, one set of nodes after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "guest/numa_choice.h"
#include "unit_random.h"

/* As few nodes as will do, be the others ever so empty. */
START_TEST(fewest)
{
    struct numa_node nodes[] = {
        {.free_kib = 100, .cpus = 2, .all_cpus = 2, .vcpus = 90},
        {.free_kib = 60, .cpus = 2, .all_cpus = 2},
        {.free_kib = 60, .cpus = 2, .all_cpus = 2},
    };

    ck_assert_uint_eq(numa_choose(nodes, 3, 100, 2), 1);
    ck_assert_uint_eq(numa_choose(nodes, 3, 101, 2), 6);
    ck_assert_uint_eq(numa_choose(nodes, 3, 60, 3), 6);
    ck_assert_uint_eq(numa_choose(nodes, 3, 220, 6), 7);
    ck_assert_uint_eq(numa_choose(nodes, 3, 221, 1), 0);
    ck_assert_uint_eq(numa_choose(nodes, 3, 1, 7), 0);
}
END_TEST

/* Then the fewest vCPUs, then the most memory, then the first. */
START_TEST(better)
{
    struct numa_node nodes[] = {
        {.free_kib = 50, .cpus = 1, .all_cpus = 1, .vcpus = 2},
        {.free_kib = 90, .cpus = 1, .all_cpus = 1, .vcpus = 2},
        {.free_kib = 50, .cpus = 1, .all_cpus = 1, .vcpus = 1},
        {.free_kib = 50, .cpus = 1, .all_cpus = 1, .vcpus = 1},
    };

    ck_assert_uint_eq(numa_choose(nodes, 4, 10, 1), 4);
    ck_assert_uint_eq(numa_choose(nodes, 2, 10, 1), 2);
    nodes[3].free_kib++;
    ck_assert_uint_eq(numa_choose(nodes, 4, 10, 1), 8);
    nodes[0].vcpus = nodes[1].vcpus = 1;
    ck_assert_uint_eq(numa_choose(nodes, 4, 60, 1), 2);
    /* More than libxl's own counters hold. */
    nodes[0].free_kib = UINT64_C(5) << 32;
    nodes[1].free_kib = UINT64_C(6) << 31;
    ck_assert_uint_eq(numa_choose(nodes, 4, 60, 1), 1);
}
END_TEST

/* Nodes without CPUs, or with none for the guest; one node; too many. */
START_TEST(unsuitable)
{
    struct numa_node nodes[NUMA_CHOICE_NODES + 1] = {
        {.free_kib = 50},
        {.free_kib = 50, .all_cpus = 4},
        {.free_kib = 20, .cpus = 1, .all_cpus = 4},
    };

    ck_assert_uint_eq(numa_choose(nodes, 3, 20, 1), 4);
    ck_assert_uint_eq(numa_choose(nodes, 3, 21, 1), 0);
    ck_assert_uint_eq(numa_choose(nodes, 2, 1, 1), 0);
    ck_assert_uint_eq(numa_choose(nodes + 2, 1, 1, 1), 0);
    ck_assert_uint_eq(numa_choose(nodes, 16, 20, 1), 4);
    ck_assert_uint_eq(numa_choose(nodes, 17, 20, 1), 0);
}
END_TEST

/* ---- the rules once more ---- */

struct best {
    uint32_t set;
    uint64_t vcpus, free_kib;
};

/* All sets of `left` more nodes from `from` on, in order. */
static void try_all(const struct numa_node *nodes, unsigned int n,
                    unsigned int from, unsigned int left, uint32_t set,
                    uint64_t kib, unsigned int vcpus, struct best *best)
{
    struct best sum = {.set = set};
    uint64_t cpus = 0;

    for (unsigned int i = from; left && i < n; i++)
        if (nodes[i].cpus)
            try_all(nodes, n, i + 1, left - 1, set | UINT32_C(1) << i, kib,
                    vcpus, best);
    if (left)
        return;
    for (unsigned int i = 0; i < n; i++) {
        sum.vcpus += set >> i & 1 ? nodes[i].vcpus : 0;
        sum.free_kib += set >> i & 1 ? nodes[i].free_kib : 0;
        cpus += set >> i & 1 ? nodes[i].cpus : 0;
    }
    if (cpus < vcpus || sum.free_kib < kib)
        return;
    if (!best->set || sum.vcpus < best->vcpus ||
        (sum.vcpus == best->vcpus && sum.free_kib > best->free_kib))
        *best = sum;
}

/* libxl does not begin with one node where that cannot have the CPUs; whether
 * it has them is then asked anyway. */
static uint32_t reference(const struct numa_node *nodes, unsigned int n,
                          uint64_t kib, unsigned int vcpus)
{
    struct best best = {0};

    for (unsigned int size = 1; size <= n && !best.set; size++)
        try_all(nodes, n, 0, size, 0, kib, vcpus, &best);
    return best.set;
}

START_TEST(same)
{
    struct unit_random rnd = unit_random_case((uint64_t)_i);
    struct numa_node nodes[10];

    for (unsigned int round = 0; round < 20; round++) {
        unsigned int n = 2 + (unsigned int)unit_below(&rnd, 9);
        unsigned int alike = unit_once_in(&rnd, 2) ? 3 : 0;
        uint64_t kib = unit_below(&rnd, 300);
        unsigned int vcpus = 1 + (unsigned int)unit_below(&rnd, 9);

        for (unsigned int i = 0; i < n; i++) {
            nodes[i].free_kib = unit_below(&rnd, 6) * 20;
            nodes[i].all_cpus =
                alike ? alike : (unsigned int)unit_below(&rnd, 5);
            nodes[i].cpus =
                (unsigned int)unit_below(&rnd, nodes[i].all_cpus + 1);
            nodes[i].vcpus = (unsigned int)unit_below(&rnd, 4);
        }
        UNIT_CHECK(&rnd, numa_choose(nodes, n, kib, vcpus) ==
                             reference(nodes, n, kib, vcpus));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("numa_choice");
    TCase *tc = tcase_create("numa_choice");

    tcase_add_test(tc, fewest);
    tcase_add_test(tc, better);
    tcase_add_test(tc, unsuitable);
    tcase_add_loop_test(tc, same, 0, 50);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
