/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The direct map that a machine's memory takes. */
#include <errno.h>
#include <string.h>

#include "command/command.h"
#include "host/ask.h"
#include "memmap/machine.h"
#include "report/directmap_svg.h"

/* Xen's: xen/include/asm-x86/config.h, DIRECTMAP_VIRT_START, and 1 GiB pages.
 */
static const struct directmap xens = {
    .format = &pt_x86_64_native,
    .base = {UINT64_C(0xffff830000000000)},
    .largest = 2,
};

static const struct option options[] = {
    {"e820", required_argument, NULL, 'e'},
    {"host", no_argument, NULL, 'H'},
    {"mtrr", required_argument, NULL, 'm'},
    {"format", required_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int check(struct diag *dg, struct args *args)
{
    const char *e820 = args->value['e'], *mtrr = args->value['m'];

    int rc = cmd_check_format(dg, args);

    if (rc)
        return rc;
    if (!e820 && !mtrr && !args->times['H'])
        return args_usage(dg, args->name,
                          "one of --e820, --mtrr and --host is wanted");
    if (e820 && args->times['H'])
        return args_usage(dg, args->name, "--e820 or --host, not both");
    if ((e820 && !*e820) || (mtrr && !*mtrr))
        return args_usage(dg, args->name, "the file's name is empty");
    if (e820 && mtrr && !strcmp(e820, "-") && !strcmp(mtrr, "-"))
        return args_usage(
            dg, args->name,
            "standard input is one file; --e820 finds MTRRs, too");
    if (!args->times['H'])
        args->need = NEED_NOTHING;
    return 0;
}

static int print(struct host *host, const struct machine *machine,
                 const char *format)
{
    struct directmap_report report = {.machine = machine, .map = xens};
    int rc = directmap_count(&report.map, machine->chunk, machine->nr_chunks,
                             &report.need);

    if (rc)
        return diag_fail(host->dg, DW_CONFIG, rc,
                         "RAM ends above what Xen's direct map has room for");
    if (!strcmp(format, "json"))
        return cmd_print_json(host->dg, directmap_json(&report));
    if (!strcmp(format, "svg"))
        directmap_svg(&report, stdout);
    else
        directmap_print(&report, stdout);
    return 0;
}

static int take_host(struct machine *machine, struct host *host)
{
    struct mem_range range[HOST_RANGES];
    size_t n;
    int rc = host_memory_map(host, range, &n);

    return rc ? rc
              : machine_take_ranges(machine, "the host, as Xen has it", range,
                                    n, host->dg);
}

/* The map's file has MTRRs, too, where no other one is named. */
static int gather(struct machine *machine, struct paste *e820,
                  struct paste *mtrr, const struct args *args,
                  struct host *host)
{
    struct diag *dg = host->dg;
    int rc = args->times['H'] ? take_host(machine, host) : 0;

    if (args->value['e'])
        rc = paste_read(e820, args->value['e'], dg);
    if (!rc && args->value['e'])
        rc = machine_take_map(machine, e820, dg);
    if (!rc && args->value['m'])
        rc = paste_read(mtrr, args->value['m'], dg);
    if (!rc)
        rc = machine_take_mtrrs(machine, args->value['m'] ? mtrr : e820,
                                args->value['m'], dg);
    return rc ? rc : machine_finish(machine, dg);
}

static int run(struct host *host, const struct args *args)
{
    struct paste e820 = {0}, mtrr = {0};
    struct machine machine = {0};
    int rc = gather(&machine, &e820, &mtrr, args, host);

    if (!rc)
        rc = print(host, &machine, cmd_format(args));
    machine_dispose(&machine);
    paste_dispose(&e820);
    paste_dispose(&mtrr);
    return rc;
}

const struct command cmd_directmap = {
    .name = "directmap",
    .args = "[--e820 FILE | --host] [--mtrr FILE] [--format text|json|svg]",
    .summary = "show what a machine's direct map has to look like",
    .help =
        "  --e820 FILE          the memory map: a boot log, xl dmesg, "
        "/proc/iomem, ...;\n"
        "                       \"-\" is standard input\n"
        "  --host               the memory map of this host, as Xen has it\n"
        "  --mtrr FILE          the MTRRs, if they are not in that file\n"
        "  --format FORMAT      text, json, or svg: a picture\n"
        "  --json               the same as --format json\n",
    .need = NEED_XEN, /* with --host */
    .options = options,
    .max = 0,
    .wanted = "it takes no argument",
    .check = check,
    .run = run,
};
