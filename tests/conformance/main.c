/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conformance [--seed N] [--operations N] [--digest] [SECTION]...
 *
 * Issues sequences of toolstack calls and prints what came of them, so that
 * the output on one hypervisor can be compared with that on another.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

static const struct section {
    const char *name;
    section_fn *run;
    unsigned int width;
} sections[] = {
    {"domain", section_domain, 0},
    {"control", section_control, 0},
    {"memory", section_memory, 0},
    {"numa", section_numa, 0},
    {"pools", section_pools, 0},
    {"host", section_host, 0},
    {"system", section_system, 0},
    {"flags-32", section_flags, 32},
    {"flags-64", section_flags, 64},
    {"types-32", section_types, 32},
    {"types-64", section_types, 64},
    {"linear-32", section_linear, 32},
    {"linear-64", section_linear, 64},
    {"pin-32", section_pin, 32},
    {"pin-64", section_pin, 64},
    {"mapping-32", section_mapping, 32},
    {"mapping-64", section_mapping, 64},
    {"update-32", section_update, 32},
    {"update-64", section_update, 64},
    {"context-32", section_context, 32},
    {"context-64", section_context, 64},
    {"random-32", section_random, 32},
    {"random-64", section_random, 64},
    {"extended-cr3-32", section_extended_cr3, 32},
    {"extended-cr3-64", section_extended_cr3, 64},
    {"assists", section_assists, 0},
    {"assists-32", section_assists, 32},
    {"assists-64", section_assists, 64},
    {"assists-hvm", section_assists_hvm, 0},
};
#define NR_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static void usage(void)
{
    fputs("usage: conformance [--seed N] [--operations N] [--digest] "
          "[SECTION]...\n"
          "       conformance --list\n",
          stderr);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 0);

    if (!*text || *end)
        usage();
    return value;
}

static const struct section *find(const char *name)
{
    for (size_t i = 0; i < NR_SECTIONS; i++)
        if (!strcmp(sections[i].name, name))
            return &sections[i];
    fprintf(stderr, "conformance: no section is named %s\n", name);
    exit(2);
}

static void options(struct test *t, int argc, char **argv)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},
        {"operations", required_argument, NULL, 'n'},
        {"digest", no_argument, NULL, 'd'},
        {"list", no_argument, NULL, 'l'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's':
            t->seed = number(optarg);
            break;
        case 'n':
            t->operations = (unsigned int)number(optarg);
            break;
        case 'd':
            t->digest = true;
            break;
        case 'l':
            for (size_t i = 0; i < NR_SECTIONS; i++)
                puts(sections[i].name);
            exit(0);
        default:
            usage();
        }
    }
}

int main(int argc, char **argv)
{
    struct test t = {.seed = 1, .operations = 500};

    options(&t, argc, argv);
    for (int i = optind; i < argc; i++)
        (void)find(argv[i]);
    setvbuf(stdout, NULL, _IOLBF, 0); /* what led to a crash is to be seen */
    /* Refusals are what is tested here: libxenctrl is not to print them. */
    xentoollog_logger_stdiostream *logger =
        xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    t.xch = xc_interface_open((xentoollog_logger *)logger, NULL, 0);
    t.call = xencall_open((xentoollog_logger *)logger, 0);
    t.fmem = xenforeignmemory_open((xentoollog_logger *)logger, 0);
    if (!t.xch || !t.call || !t.fmem) {
        perror("conformance: no hypervisor");
        return 1;
    }
    for (size_t i = 0; optind == argc && i < NR_SECTIONS; i++)
        sections[i].run(&t, sections[i].width);
    for (int i = optind; i < argc; i++)
        find(argv[i])->run(&t, find(argv[i])->width);
    flush_digest(&t);
    xenforeignmemory_close(t.fmem);
    xencall_close(t.call);
    xc_interface_close(t.xch);
    xtl_logger_destroy((xentoollog_logger *)logger);
    return 0;
}
