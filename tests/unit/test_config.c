/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations as the builder gets them: what a file's values become, where
 * they stand, which are left to xl, and that damaged files are only refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/xl.h"
#include "unit_random.h"

static struct diag dg;
static struct config cfg;
static char path[] = "/tmp/test_config.XXXXXX";

static void setup(void)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    close(fd);
    diag_init(&dg);
    config_init(&cfg);
}

static void teardown(void)
{
    config_dispose(&cfg);
    unlink(path);
    strcpy(path + strlen(path) - 6, "XXXXXX");
}

static int read_bytes(const char *text, size_t len)
{
    FILE *f = fopen(path, "w");
    int rc;

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
    config_dispose(&cfg);
    diag_init(&dg);
    rc = config_xl_read(&cfg, path, NULL, 0, &dg);
    ck_assert_int_eq(dg.nr != 0, rc != 0);
    return rc;
}

static int read_text(const char *text)
{
    int rc = read_bytes(text, strlen(text));

    return rc ? rc : config_check(&cfg, &dg);
}

#define BASE "name = 'g'\nkernel = '/k'\nmemory = 32\n"

/* What a guest is that says no more than it must. */
START_TEST(defaults)
{
    ck_assert_int_eq(read_text(BASE), 0);
    ck_assert_str_eq(cfg.source, path);
    ck_assert_str_eq(cfg.name, "g");
    ck_assert_str_eq(cfg.kernel, "/k");
    ck_assert_ptr_null(cfg.ramdisk);
    ck_assert_ptr_null(cfg.cmdline);
    ck_assert_uint_eq(cfg.memory, 32);
    ck_assert_uint_eq(cfg.maxmem, 32);
    ck_assert_uint_eq(cfg.vcpus, 1);
    ck_assert_uint_eq(cfg.maxvcpus, 1);
    ck_assert_uint_eq(cfg.n_cpus, 0);
    ck_assert_int_eq(cfg.on_poweroff, ACTION_DESTROY);
    ck_assert_int_eq(cfg.on_reboot, ACTION_RESTART);
    ck_assert_int_eq(cfg.on_crash, ACTION_DESTROY);
    ck_assert_int_eq(cfg.on_watchdog, ACTION_DESTROY);
    ck_assert_int_eq(cfg.on_soft_reset, ACTION_SOFT_RESET);
    ck_assert(!cfg.needs_xl && !cfg.uuid_given);
    ck_assert_int_eq(cfg.uuid[6] >> 4, 4); /* random, RFC 4122 */
}
END_TEST

START_TEST(values)
{
    ck_assert_int_eq(read_text(BASE "ramdisk = '/r'\nroot = '/dev/x'\n"
                                    "extra = 'a'\nextra += ' b'\n"
                                    "maxmem = 0x40\nvcpus = 02\nmaxvcpus = 3\n"
                                    "on_crash = 'coredump-restart'\n"
                                    "on_reboot = 'preserve'\n"),
                     0);
    ck_assert_str_eq(cfg.ramdisk, "/r");
    ck_assert_str_eq(cfg.cmdline, "root=/dev/x a b");
    ck_assert_uint_eq(cfg.memory, 32);
    ck_assert_uint_eq(cfg.maxmem, 64);
    ck_assert_uint_eq(cfg.vcpus, 2);
    ck_assert_uint_eq(cfg.maxvcpus, 3);
    ck_assert_int_eq(cfg.on_crash, ACTION_COREDUMP_RESTART);
    ck_assert_int_eq(cfg.on_reboot, ACTION_PRESERVE);
}
END_TEST

START_TEST(uuids)
{
    static const char text[] = "6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0";
    static const uint8_t uuid[] = {0x6f, 0x0f, 0xf2, 0xa8, 0x5a, 0x40,
                                   0x4b, 0x37, 0x9d, 0x6f, 0x3a, 0x1d,
                                   0x34, 0xf3, 0xc5, 0xa0};
    char shown[UUID_STRING];

    ck_assert_int_eq(
        read_text(BASE "uuid='6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0'"), 0);
    ck_assert_mem_eq(cfg.uuid, uuid, sizeof(uuid));
    uuid_format(cfg.uuid, shown);
    ck_assert_str_eq(shown, text);
    ck_assert_int_eq(
        read_text(BASE "uuid='6F0FF2A8-5A40-4B37-9D6F-3A1D34F3C5A0'"), 0);
    ck_assert_mem_eq(cfg.uuid, uuid, sizeof(uuid));
    ck_assert(cfg.uuid_given);
}
END_TEST

START_TEST(places)
{
    char where[64];

    ck_assert_int_eq(read_text(BASE "\n# vcpus = 7\nvif = [\n'vcpus=2'\n]; "
                                    "disk = []\nvif += ['a=b']\nvnc = 1\n"),
                     0);
    snprintf(where, sizeof(where), "%s:9", path);
    ck_assert_str_eq(config_where(&cfg, "vif"), where);
    snprintf(where, sizeof(where), "%s:8", path);
    ck_assert_str_eq(config_where(&cfg, "disk"), where);
    ck_assert_str_eq(config_where(&cfg, "vcpus"), path);
    ck_assert(config_has(&cfg, "disk") && !config_has(&cfg, "vcpus"));
    ck_assert(cfg.needs_xl);
    ck_assert_uint_eq(cfg.n_places, 7);
    for (size_t i = 0; i < cfg.n_places; i++)
        ck_assert_int_eq(cfg.places[i].for_xl, i == 5 || i == 6);
    ck_assert_int_eq(config_refuse_xl(&cfg, &dg), -EOPNOTSUPP);
    ck_assert_uint_eq(dg.nr, 2);
    ck_assert_int_eq(dg.code, DW_CONFIG);
    ck_assert_ptr_nonnull(strstr(dg.line[0], ":9: vif: "));
    ck_assert_ptr_nonnull(strstr(dg.line[1], ":10: vnc: "));
}
END_TEST

/* As xen-tools writes it: it has devices, and else nothing to complain of. */
START_TEST(xen_tools)
{
    ck_assert_int_eq(
        read_text("bootloader  = 'pygrub'\nvcpus       = '1'\n"
                  "memory      = '256'\nroot        = '/dev/xvda2 ro'\n"
                  "disk        = [\n"
                  "                  'phy:/dev/vg/web-disk,xvda2,w',\n"
                  "                  'phy:/dev/vg/web-swap,xvda1,w',\n"
                  "              ]\n"
                  "name        = 'web'\n"
                  "vif         = [ 'ip=192.0.2.7 ,mac=00:16:3E:11:22:33' ]\n"
                  "on_poweroff = 'destroy'\non_reboot   = 'restart'\n"
                  "on_crash    = 'restart'\n"),
        0);
    ck_assert(cfg.needs_xl);
    ck_assert_ptr_null(cfg.kernel);
    ck_assert_int_eq(cfg.on_crash, ACTION_RESTART);
}
END_TEST

static unsigned int count(const struct cpulist *list)
{
    unsigned int n = 0;

    for (unsigned int cpu = 0; cpu < CPULIST_MAX; cpu++)
        n += cpulist_has(list, cpu);
    return n;
}

START_TEST(cpus_of_all)
{
    ck_assert_int_eq(read_text(BASE "maxvcpus = 3\ncpus = '1,4094-4095'"), 0);
    ck_assert_uint_eq(cfg.n_cpus, 3);
    for (unsigned int i = 0; i < 3; i++) {
        ck_assert_uint_eq(count(&cfg.cpus[i]), 3);
        ck_assert(cpulist_has(&cfg.cpus[i], 1));
        ck_assert(cpulist_has(&cfg.cpus[i], 4094));
        ck_assert(cpulist_has(&cfg.cpus[i], 4095));
    }
    ck_assert(!cpulist_has(&cfg.cpus[0], CPULIST_MAX));
}
END_TEST

START_TEST(cpus_of_each)
{
    ck_assert_int_eq(
        read_text(BASE "vcpus = 3\ncpus = [ 'all,^0-4094', '63,64' ]"), 0);
    ck_assert_uint_eq(cfg.n_cpus, 2);
    ck_assert_uint_eq(count(&cfg.cpus[0]), 1);
    ck_assert(cpulist_has(&cfg.cpus[0], 4095));
    ck_assert_uint_eq(count(&cfg.cpus[1]), 2);
    ck_assert(cpulist_has(&cfg.cpus[1], 63) && cpulist_has(&cfg.cpus[1], 64));
}
END_TEST

/* Each CPU by itself: set, alone, and taken away again. */
START_TEST(cpus_one_by_one)
{
    struct {
        struct cpulist list;
        uint64_t guard; /* against a CPU too many */
    } end = {.guard = 0};
    struct cpulist list;
    char text[32];

    for (unsigned int cpu = 0; cpu < CPULIST_MAX; cpu++) {
        snprintf(text, sizeof(text), "%u", cpu);
        ck_assert(!cpulist_parse(text, &list) && count(&list) == 1 &&
                  cpulist_has(&list, cpu));
        snprintf(text, sizeof(text), "all,^%u", cpu);
        ck_assert(!cpulist_parse(text, &list) &&
                  count(&list) == CPULIST_MAX - 1 && !cpulist_has(&list, cpu));
    }
    ck_assert_int_eq(cpulist_parse("4096", &list), -ENODATA);
    ck_assert_int_eq(cpulist_parse("4095-18446744073709551615", &end.list), 0);
    ck_assert_uint_eq(count(&end.list), 1);
    ck_assert_uint_eq(end.guard, 0);
    ck_assert_int_eq(cpulist_parse("18446744073709551616", &list), -ERANGE);
}
END_TEST

/* A file that is cut off, or has other bytes in it, is read or refused. */
START_TEST(damaged)
{
    static const char text[] = "\xef\xbb\xbfname = \"g\"\r\nkernel='/k' # "
                               "k\r\nmemory = 0x20; vcpus=2\n"
                               "extra = \"a\\\"\\\\\\n\"\nextra += 'b'\ncpus = "
                               "[ \"0-3,^2\", 'all', ]\n"
                               "disk = [ 'a', [ 'b' ], ]\nuuid = "
                               "'6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0'";
    struct unit_random rnd = unit_random_case((uint64_t)_i);
    size_t len = sizeof(text) - 1;
    char bytes[sizeof(text)];
    int rc;

    for (unsigned int i = 0; i < 200; i++) {
        memcpy(bytes, text, len);
        for (uint64_t n = unit_below(&rnd, 4); n; n--)
            bytes[unit_below(&rnd, len)] = unit_once_in(&rnd, 2)
                                               ? (char)unit_below(&rnd, 256)
                                               : text[unit_below(&rnd, len)];
        rc = read_bytes(bytes, 1 + unit_below(&rnd, len));
        if (!rc)
            rc = config_check(&cfg, &dg);
        UNIT_CHECK(&rnd, !rc || (dg.nr && (dg.code == DW_CONFIG)));
        UNIT_CHECK(&rnd, !rc || !strpbrk(dg.line[0], "\n\r\033"));
    }
}
END_TEST

/* The parser keeps its own stack; ours is not in danger. */
START_TEST(deep)
{
    static char text[200000];

    memset(text, '[', sizeof(text) - 1);
    memcpy(text, "a=", 2);
    ck_assert_int_ne(read_bytes(text, sizeof(text) - 1), 0);
    ck_assert_int_eq(dg.code, DW_CONFIG);
    memset(text, ';', sizeof(text) - 1);
    ck_assert_int_eq(read_bytes(text, sizeof(text) - 1), 0);
    ck_assert_int_eq(config_check(&cfg, &dg), -EINVAL);
    ck_assert_uint_eq(dg.nr, 2); /* name and kernel */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("config");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, values);
    tcase_add_test(tc, uuids);
    tcase_add_test(tc, places);
    tcase_add_test(tc, xen_tools);
    tcase_add_test(tc, cpus_of_all);
    tcase_add_test(tc, cpus_of_each);
    tcase_add_test(tc, cpus_one_by_one);
    tcase_add_loop_test(tc, damaged, 0, 5);
    tcase_add_test(tc, deep);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
