/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mem-set and vcpu-set: what a guest is to have of what it may have. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "command/command.h"
#include "host/control.h"
#include "host/find.h"

/* A decimal number without a sign; *end: what comes behind it. */
static bool read_number(const char *text, uint64_t *value, char **end)
{
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *value = strtoull(text, end, 10);
    return !errno && *value;
}

/* MiB, or with t, g, m or k behind it. */
static bool read_size(const char *text, uint64_t *kib)
{
    unsigned int shift;
    uint64_t value;
    char *end;

    if (!read_number(text, &value, &end) || (*end && end[1]))
        return false;
    switch (tolower((unsigned char)*end)) {
    case 't':
        shift = 30;
        break;
    case 'g':
        shift = 20;
        break;
    case 'm':
    case '\0':
        shift = 10;
        break;
    case 'k':
        shift = 0;
        break;
    default:
        return false;
    }
    *kib = value << shift;
    return *kib >> shift == value;
}

static bool read_count(const char *text, uint64_t *count)
{
    char *end;

    return read_number(text, count, &end) && !*end && *count <= UINT32_MAX;
}

static int check_memory(struct diag *dg, struct args *args)
{
    uint64_t kib;

    return read_size(args->operand[1], &kib)
               ? 0
               : args_usage(dg, args->name,
                            "%s is no size, as 256 for 256 MiB, or 1g",
                            args->operand[1]);
}

/* What libxl leaves domain 0 at least, in KiB: LIBXL_MIN_DOM0_MEM. */
#define MIN_DOM0_KIB (128 * 1024)

static int run_memory(struct host *host, const struct args *args)
{
    xc_domaininfo_t info;
    uint64_t kib = 0;
    int rc = host_find(host, args->operand[0], &info);

    if (!rc && info.flags & XEN_DOMINF_hvm_guest)
        rc = diag_fail(host->dg, DW_FAILED, -EOPNOTSUPP,
                       "domain %s is no PV guest; use \"xl mem-set\"",
                       args->operand[0]);
    if (rc || !read_size(args->operand[1], &kib))
        return rc;
    if (!info.domain && kib < MIN_DOM0_KIB)
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain 0 needs 128 MiB at least");
    return control_memory(host, info.domain, kib);
}

static int check_vcpus(struct diag *dg, struct args *args)
{
    uint64_t count;

    return read_count(args->operand[1], &count)
               ? 0
               : args_usage(dg, args->name, "%s is no number of vCPUs",
                            args->operand[1]);
}

static int run_vcpus(struct host *host, const struct args *args)
{
    unsigned int max;
    xc_domaininfo_t info;
    uint64_t count = 0;
    int rc = host_find(host, args->operand[0], &info);

    if (rc || !read_count(args->operand[1], &count))
        return rc;
    max =
        info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info.max_vcpu_id + 1;
    if (count > max)
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %s has %u vCPU%s", args->operand[0], max,
                         max == 1 ? "" : "s");
    return control_vcpus(host, info.domain, (unsigned int)count, max);
}

const struct command cmd_mem_set = {
    .name = "mem-set",
    .args = "DOMAIN SIZE",
    .summary = "set how much memory a guest is to have",
    .help = "SIZE is in MiB, or has t, g, m or k behind it.\n",
    .need = NEED_STORE,
    .min = 2,
    .max = 2,
    .wanted = "a domain and a size are wanted",
    .check = check_memory,
    .run = run_memory,
};

const struct command cmd_vcpu_set = {
    .name = "vcpu-set",
    .args = "DOMAIN NUMBER",
    .summary = "set how many vCPUs a guest is to use",
    .need = NEED_STORE,
    .min = 2,
    .max = 2,
    .wanted = "a domain and a number are wanted",
    .check = check_vcpus,
    .run = run_vcpus,
};
