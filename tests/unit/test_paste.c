/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A paste of everything, read with each allocation failing in turn: that is
 * told, nothing is lost, and nothing is taken for what was read by half.
 */
#include "memmap/machine.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit_random.h"

/* check allocates, too. */
static bool ours;
static long left; /* so many allocations succeed */
static long held; /* what is allocated and not freed */

static bool fails(void)
{
    return ours && left-- <= 0;
}

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);
int __wrap_vasprintf(char **text, const char *fmt, va_list al);

void *__wrap_calloc(size_t n, size_t size)
{
    if (fails())
        return NULL;
    held += ours;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    held += ours && !old;
    return __real_realloc(old, size);
}

void __wrap_free(void *old)
{
    held -= ours && old != NULL;
    __real_free(old);
}

int __wrap_vasprintf(char **text, const char *fmt, va_list al)
{
    char line[512];
    int n = vsnprintf(line, sizeof(line), fmt, al);

    *text = fails() ? NULL : strdup(line);
    held += ours && *text;
    return *text ? n : -1;
}

static const char everything[] =
    "BIOS-e820: [mem 0x0000000000001000-0x000000000009fbff] usable\n"
    "BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff]\nusable\n"
    "BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable\n"
    "BIOS-e820: [mem 0x0000000100000000-0x000000023fffffff] res=\nerved\n"
    "BIOS-e820: [mem 0x0000000080000000-0x00000000800fffff] usable\n"
    "user: [mem 0x0000000000001000-0x000000000009fbff] usable\n"
    "(XEN) Initial Xen-e820 RAM map:\n"
    "(XEN)  [0000000000000000, 000000000009fbff] (usable)\n"
    "/sys/firmware/memmap/1/start:0x100000\n1/end:0x3fffffff\n"
    "1/type:System RAM\n00001000-0009fbff : System RAM\n"
    "  0 base 000000000000 mask FFFF80000000 write-back\n  1 disabled\n"
    "reg00: base=0x00000000 (   0MB), size=984064MB: write-back, count=1\n";

static char file[] = "/tmp/test_paste.XXXXXX";

static int read_it(struct machine *machine, struct paste *paste,
                   struct diag *dg)
{
    int rc = paste_read(paste, file, dg);

    if (!rc)
        rc = machine_take_map(machine, paste, dg);
    if (!rc)
        rc = machine_take_mtrrs(machine, paste, true, dg);
    return rc ? rc : machine_finish(machine, dg);
}

START_TEST(no_memory)
{
    int rc = -ENOMEM;
    long n;

    for (n = 0; rc; n++) {
        struct paste paste = {0};
        struct machine machine = {0};
        struct diag dg;
        size_t ranges, findings;

        ck_assert_int_lt(n, 1000);
        diag_init(&dg);
        left = n;
        ours = true;
        rc = read_it(&machine, &paste, &dg);
        ranges = machine.nr_ram;
        findings = machine.findings.nr;
        machine_dispose(&machine);
        paste_dispose(&paste);
        ours = false;
        ck_assert_int_eq(held, 0);
        if (rc) {
            ck_assert_int_eq(rc, -ENOMEM);
            ck_assert_str_eq(dg.line[0], "out of memory");
            ck_assert_uint_eq(dg.nr, 1);
        } else {
            ck_assert_uint_eq(ranges, 2);
            ck_assert_uint_ge(findings, 5);
        }
    }
    ck_assert_int_gt(n, 15);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paste");
    TCase *tc = tcase_create("paste");
    int fd = mkstemp(file), rc;

    if (fd < 0 || write(fd, everything, strlen(everything)) !=
                      (ssize_t)strlen(everything))
        return EXIT_FAILURE;
    close(fd);
    tcase_add_test(tc, no_memory);
    suite_add_tcase(suite, tc);
    rc = unit_run(suite);
    unlink(file);
    return rc;
}
