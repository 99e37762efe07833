/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/guest_config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pv/boot_abi.h"

void config_init(struct config *cfg)
{
    memset(cfg, 0, sizeof(*cfg));
}

void config_dispose(struct config *cfg)
{
    free(cfg->name);
    free(cfg->kernel);
    free(cfg->ramdisk);
    free(cfg->cmdline);
    free(cfg->cpus);
    config_init(cfg);
}

/* Names are values in xenstore, file names of logs and words on a terminal. */
static const char *bad_name(const char *name)
{
    const char *p;
    bool number = true;

    if (!*name)
        return "is empty";
    if (strlen(name) > CONFIG_MAX_NAME)
        return "is longer than 255 characters";
    for (p = name; *p; p++) {
        if (iscntrl((unsigned char)*p))
            return "has a control character in it";
        if (*p == '/')
            return "has a slash in it";
        if (!isdigit((unsigned char)*p))
            number = false;
    }
    return number ? "is a number, and would be taken for a domain's ID" : NULL;
}

static int check_memory(const struct config *cfg, const char *source,
                        struct diag *dg)
{
    /* libxenguest counts MiB in an unsigned int. */
    if (!cfg->memory || cfg->memory > UINT_MAX)
        return diag_fail(dg, DW_CONFIG, -EINVAL,
                         "%s: memory: %lu MiB is no size for a guest", source,
                         cfg->memory);
    if (cfg->maxmem < cfg->memory || cfg->maxmem > UINT_MAX)
        return diag_fail(dg, DW_CONFIG, -EINVAL,
                         "%s: maxmem: %lu MiB, with memory = %lu", source,
                         cfg->maxmem, cfg->memory);
    return 0;
}

static int check_vcpus(const struct config *cfg, const char *source,
                       struct diag *dg)
{
    if (!cfg->vcpus || cfg->vcpus > CONFIG_MAX_VCPUS)
        return diag_fail(dg, DW_CONFIG, -EINVAL,
                         "%s: vcpus: %lu; a PV guest has 1 to %d", source,
                         cfg->vcpus, CONFIG_MAX_VCPUS);
    if (cfg->maxvcpus < cfg->vcpus || cfg->maxvcpus > CONFIG_MAX_VCPUS)
        return diag_fail(dg, DW_CONFIG, -EINVAL,
                         "%s: maxvcpus: %lu; it must be %lu to %d", source,
                         cfg->maxvcpus, cfg->vcpus, CONFIG_MAX_VCPUS);
    return 0;
}

static int check_cmdline(const struct config *cfg, const char *source,
                         struct diag *dg)
{
    size_t len = cfg->cmdline ? strlen(cfg->cmdline) : 0;

    if (len < PV_CMDLINE_MAX)
        return 0;
    return diag_fail(dg, DW_CONFIG, -EINVAL,
                     "%s: the kernel's command line has %zu characters; "
                     "Xen passes on %d at most",
                     source, len, PV_CMDLINE_MAX - 1);
}

int config_check(struct config *cfg, const char *source, struct diag *dg)
{
    const char *wrong;
    int rc;

    if (!cfg->name)
        return diag_fail(dg, DW_CONFIG, -EINVAL, "%s: name is missing", source);
    wrong = bad_name(cfg->name);
    if (wrong)
        return diag_fail(dg, DW_CONFIG, -EINVAL, "%s: name: it %s", source,
                         wrong);
    if (!cfg->kernel || !*cfg->kernel)
        return diag_fail(dg, DW_CONFIG, -EINVAL, "%s: kernel is missing",
                         source);
    rc = check_memory(cfg, source, dg);
    if (!rc)
        rc = check_vcpus(cfg, source, dg);
    if (!rc)
        rc = check_cmdline(cfg, source, dg);
    if (!rc && !cfg->uuid_given) {
        rc = uuid_random(cfg->uuid);
        if (rc)
            return diag_fail(dg, DW_FAILED, rc, "making a UUID: %s",
                             strerror(-rc));
    }
    return rc;
}
