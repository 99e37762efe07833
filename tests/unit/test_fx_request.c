/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's requests to xenstore, out of its ring: whole ones, in whatever
 * pieces they come, and rings in which nothing is as it should be.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run/store_request.h"

static struct xenstore_domain_interface ring;
static struct {
    struct fx_store_request request;
    char behind[64]; /* nobody's to write to */
} world;

static void start(void)
{
    memset(&ring, 0, sizeof(ring));
    memset(&world, 0, sizeof(world));
    memset(world.behind, 0x55, sizeof(world.behind));
}

static void put(const void *data, size_t len)
{
    const char *text = data;

    while (len--)
        ring.req[MASK_XENSTORE_IDX(ring.req_prod++)] = *text++;
}

static enum fx_store_taken take(void)
{
    return fx_store_take(&world.request, &ring);
}

START_TEST(request_in_pieces)
{
    const struct xsd_sockmsg head = {.type = XS_READ, .len = 5};

    start();
    /* Over the ring's end, too. */
    ring.req_prod = ring.req_cons = UINT32_MAX - 7;
    put(&head, 3);
    ck_assert_int_eq(take(), FX_STORE_MORE);
    put((const char *)&head + 3, sizeof(head) - 3);
    ck_assert_int_eq(take(), FX_STORE_MORE);
    put("name", 5);
    put("next", 4);
    ck_assert_int_eq(take(), FX_STORE_WHOLE);
    ck_assert_uint_eq(world.request.got, sizeof(head) + 5);
    ck_assert_str_eq(world.request.bytes + sizeof(head), "name");
    ck_assert_uint_eq(ring.req_prod - ring.req_cons, 4);
}
END_TEST

START_TEST(request_without_payload)
{
    const struct xsd_sockmsg head = {.type = XS_RESET_WATCHES};

    start();
    put(&head, sizeof(head));
    ck_assert_int_eq(take(), FX_STORE_WHOLE);
}
END_TEST

/* However often it is looked at, and whatever comes behind. */
START_TEST(request_that_is_too_long)
{
    const struct xsd_sockmsg head = {.len = XENSTORE_PAYLOAD_MAX + 1};
    char more[XENSTORE_RING_SIZE] = {0};
    int i;

    start();
    put(&head, sizeof(head));
    ck_assert_int_eq(take(), FX_STORE_BAD);
    for (i = 0; i < 10000; i++) {
        ring.req_prod = ring.req_cons;
        put(more, 1);
        ck_assert_int_eq(take(), FX_STORE_BAD);
    }
    for (i = 0; i < (int)sizeof(world.behind); i++)
        ck_assert_int_eq(world.behind[i], 0x55);
}
END_TEST

START_TEST(the_longest)
{
    const struct xsd_sockmsg head = {.len = XENSTORE_PAYLOAD_MAX};
    char more[XENSTORE_RING_SIZE] = {0};
    enum fx_store_taken taken = FX_STORE_MORE;
    size_t left = XENSTORE_PAYLOAD_MAX, n;

    start();
    put(&head, sizeof(head));
    for (; left; left -= n) {
        ck_assert_int_eq(take(), FX_STORE_MORE);
        n = left < sizeof(more) ? left : sizeof(more);
        put(more, n);
    }
    taken = take();
    ck_assert_int_eq(taken, FX_STORE_WHOLE);
}
END_TEST

START_TEST(more_than_the_ring_holds)
{
    start();
    ring.req_prod = XENSTORE_RING_SIZE + 1;
    ck_assert_int_eq(take(), FX_STORE_BAD);
    ck_assert_uint_eq(world.request.got, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guests' requests to xenstore");
    TCase *tcase = tcase_create("requests");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, request_in_pieces);
    tcase_add_test(tcase, request_without_payload);
    tcase_add_test(tcase, request_that_is_too_long);
    tcase_add_test(tcase, the_longest);
    tcase_add_test(tcase, more_than_the_ring_holds);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
