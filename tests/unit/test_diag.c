/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of failures, and how strings of other people's making are shown.
 */
#include <errno.h>
#include <string.h>

#include "diag.h"
#include "text.h"
#include "unit_random.h"

static struct diag dg;

static void setup(void)
{
    diag_init(&dg);
}

/* Of what fails deep down, and again further up, the first line stays. */
START_TEST(first_line_stays)
{
    ck_assert_int_eq(diag_fail(&dg, DW_CONFIG, -ESRCH, "no %s", "kernel"),
                     -ESRCH);
    ck_assert_int_eq(diag_fail(&dg, DW_FAILED, -EIO, "all is lost"), -EIO);
    errno = EPERM;
    ck_assert_int_eq(diag_fail_xc(&dg, "Xen"), -EPERM);
    ck_assert_uint_eq(dg.nr, 1);
    ck_assert_int_eq(dg.code, DW_CONFIG);
    ck_assert_str_eq(dg.line[0], "no kernel");
}
END_TEST

START_TEST(next_matter)
{
    diag_next(&dg);
    ck_assert_int_eq(dg.code, 0);
    ck_assert_int_eq(diag_fail(&dg, DW_REFUSED, -EIO, "a"), -EIO);
    diag_next(&dg);
    diag_next(&dg);
    ck_assert_int_eq(diag_fail(&dg, DW_CONFIG, -EIO, "b"), -EIO);
    ck_assert_uint_eq(dg.nr, 2);
    ck_assert_int_eq(dg.code, DW_REFUSED);
    ck_assert_str_eq(dg.line[0], "a");
    ck_assert_str_eq(dg.line[1], "b");
}
END_TEST

START_TEST(many_are_counted)
{
    for (int i = 0; i < 3 * DIAG_LINES; i++) {
        ck_assert_int_eq(diag_fail(&dg, DW_CONFIG, -EIO, "%d", i), -EIO);
        diag_next(&dg);
    }
    ck_assert_uint_eq(dg.nr, 3 * DIAG_LINES);
    ck_assert_str_eq(dg.line[0], "0");
    ck_assert_str_eq(dg.line[DIAG_LINES - 1], "31");
}
END_TEST

START_TEST(libxc_cause)
{
    strcpy(dg.cause, "no room");
    errno = ENOMEM;
    ck_assert_int_eq(diag_fail_xc(&dg, "step %d", 1), -ENOMEM);
    ck_assert_str_eq(dg.line[0], "step 1: no room: Cannot allocate memory");
    diag_next(&dg);
    errno = 0;
    ck_assert_int_eq(diag_fail_xc(&dg, "step 2"), -EIO);
    ck_assert_str_eq(dg.line[1], "step 2: Input/output error");
}
END_TEST

/* However long, and whatever is in it, it stays one line of text. */
START_TEST(lines_are_text)
{
    char name[3000];

    memset(name, '\n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(diag_fail(&dg, DW_CONFIG, -EIO, "%s", name), -EIO);
    ck_assert_ptr_null(strchr(dg.line[0], '\n'));
    ck_assert_uint_eq(strlen(dg.line[0]), sizeof(dg.line[0]) - 2);
}
END_TEST

static const struct {
    const char *text, *shown;
    bool utf8;
} strings[] = {
    {"", "", true},
    {"guest", "guest", true},
    {"a\nb\tc\rd\033[2J\177", "a\\nb\\tc\\rd\\x1b[2J\\x7f", true},
    {"J\303\274rg \342\202\254 \360\237\220\247",
     "J\303\274rg \342\202\254 \360\237\220\247", true},
    {"J\374rg", "J\\xfcrg", false},                      /* ISO 8859-1 */
    {"\303", "\\xc3", false},                            /* cut off */
    {"\342\202", "\\xe2\\x82", false},                   /* cut off */
    {"\300\257", "\\xc0\\xaf", false},                   /* a slash, too long */
    {"\340\200\257", "\\xe0\\x80\\xaf", false},          /* again */
    {"\355\240\200", "\\xed\\xa0\\x80", false},          /* a surrogate */
    {"\364\220\200\200", "\\xf4\\x90\\x80\\x80", false}, /* beyond Unicode */
    {"\370\210\200\200\200", "\\xf8\\x88\\x80\\x80\\x80", false},
    {"\200", "\\x80", false},
    {"\302\233"
     "2J",
     "\\xc2\\x9b2J", true}, /* a terminal's CSI, one byte */
};

START_TEST(show)
{
    const char *text = strings[_i].text, *shown = strings[_i].shown;
    char out[64], cut[8];

    text_escape(out, sizeof(out), text);
    ck_assert_str_eq(out, shown);
    ck_assert_int_eq(text_is_utf8(text), strings[_i].utf8);
    text_escape(cut, sizeof(cut), text);
    ck_assert_uint_lt(strlen(cut), sizeof(cut));
    ck_assert_int_eq(strncmp(cut, shown, strlen(cut)), 0);
    ck_assert(!strings[_i].utf8 || text_is_utf8(cut));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diag");
    TCase *tc = tcase_create("diag");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, first_line_stays);
    tcase_add_test(tc, next_matter);
    tcase_add_test(tc, many_are_counted);
    tcase_add_test(tc, libxc_cause);
    tcase_add_test(tc, lines_are_text);
    tcase_add_loop_test(tc, show, 0, sizeof(strings) / sizeof(strings[0]));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
