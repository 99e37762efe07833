/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest writes on its console becomes lines: ended ones at once, a
 * prompt once the guest is silent, without what moves a terminal's cursor.
 */
#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/tty.h"
#include "host/watch.h"
#include "host/xenstore.h"

/* -- the clock is ours, and there is no xenstore -- */

static int64_t now;

int64_t watch_now(void)
{
    return now;
}

char *store_read(struct xs_handle *xs, uint32_t domid, const char *key)
{
    (void)xs;
    (void)domid;
    (void)key;
    return NULL;
}

/* -- a console -- */

static struct tty tty;
static int guest; /* its end */
static char shown[3 * TTY_LINE];
static const char *wanted; /* is taken */

static bool line(void *arg, const char *text)
{
    size_t used = strlen(shown);

    ck_assert_ptr_eq(arg, &tty);
    ck_assert_uint_lt(used + strlen(text) + 2, sizeof(shown));
    sprintf(shown + used, "%s|", text);
    return wanted && strstr(text, wanted);
}

static void setup(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    tty_init(&tty);
    tty.fd = ends[0];
    guest = ends[1];
    now = 1000;
    *shown = '\0';
    wanted = NULL;
}

static void teardown(void)
{
    tty_close(&tty);
    tty_close(&tty);
    if (guest >= 0)
        close(guest);
}

/* What is shown when the guest has written that. */
static const char *writes(const char *text)
{
    *shown = '\0';
    ck_assert_int_eq(write(guest, text, strlen(text)), (int)strlen(text));
    tty_read(&tty, line, &tty);
    return shown;
}

static const char *silent_for(int64_t ms)
{
    *shown = '\0';
    now += ms;
    tty_read(&tty, line, &tty);
    return shown;
}

START_TEST(lines)
{
    ck_assert_str_eq(writes("one\ntwo\r\nthr"), "one|two|");
    ck_assert_str_eq(writes("ee\n\n\r\n"), "three|");
    ck_assert_int_eq(tty_patience(&tty), WATCH_FOREVER);
}
END_TEST

START_TEST(a_prompt)
{
    ck_assert_str_eq(writes("login: "), "");
    ck_assert_int_gt(tty_patience(&tty), now);
    ck_assert_str_eq(silent_for(1), "");
    ck_assert_str_eq(silent_for(tty_patience(&tty) - now), "login: |");
    /* It is shown once, until it grows. */
    ck_assert_int_eq(tty_patience(&tty), WATCH_FOREVER);
    ck_assert_str_eq(silent_for(10000), "");
    ck_assert_str_eq(writes("root"), "");
    ck_assert_str_eq(silent_for(tty_patience(&tty) - now), "login: root|");
    ck_assert_str_eq(writes("\n"), "login: root|");
}
END_TEST

/* What was found is not found again when its line ends. */
START_TEST(taken)
{
    wanted = "login";
    writes("login: ");
    ck_assert_str_eq(silent_for(tty_patience(&tty) - now), "login: |");
    ck_assert_str_eq(writes("root\nlogin: x\n"), "login: x|");
}
END_TEST

START_TEST(sequences)
{
    ck_assert_str_eq(writes("\033[1;31mred\033[0m\033[2J\033[H text\033c.\n"),
                     "red text.|");
    ck_assert_str_eq(writes("a\033["), "");
    ck_assert_str_eq(writes("12;3"), "");
    ck_assert_str_eq(writes("Hb\a\b\x7f\tc\n"), "ab\tc|");
    ck_assert_str_eq(writes("\xc3\xa9\n"), "\xc3\xa9|");
}
END_TEST

START_TEST(a_long_line)
{
    char text[2 * TTY_LINE + 2], most[TTY_LINE + 2];

    memset(text, 'x', sizeof(text));
    strcpy(text + 2 * TTY_LINE, "\n");
    memset(most, 'x', sizeof(most));
    strcpy(most + TTY_LINE, "|");
    writes(text);
    ck_assert_uint_eq(strlen(shown), 2 * strlen(most));
    ck_assert_int_eq(strncmp(shown, most, strlen(most)), 0);
    ck_assert_str_eq(shown + strlen(most), most);
}
END_TEST

START_TEST(the_end)
{
    ck_assert_str_eq(writes("last"), "");
    close(guest);
    guest = -1;
    ck_assert_str_eq(silent_for(0), "last|");
    ck_assert_int_eq(tty.fd, -1);
    ck_assert_str_eq(silent_for(10000), "");
}
END_TEST

/* Of a guest that never stops, no more is read than others can wait for. */
START_TEST(a_flood)
{
    char text[4096];
    int n = 0;

    fcntl(guest, F_SETPIPE_SZ, 1 << 20);
    memset(text, '\n', sizeof(text));
    while (write(guest, text, sizeof(text)) > 0)
        n++;
    ck_assert_int_gt(n, 32);
    tty_read(&tty, line, &tty);
    ck_assert_int_gt(read(tty.fd, text, sizeof(text)), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tty");
    TCase *tc = tcase_create("tty");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, a_prompt);
    tcase_add_test(tc, taken);
    tcase_add_test(tc, sequences);
    tcase_add_test(tc, a_long_line);
    tcase_add_test(tc, the_end);
    tcase_add_test(tc, a_flood);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
