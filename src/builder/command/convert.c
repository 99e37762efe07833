/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "config/differs.h"
#include "config/libvirt.h"
#include "config/xl.h"
#include "config/xl_write.h"
#include "guest/image.h"
#include "hooks/hooks.h"
#include "report/configuration.h"

static const struct option options[] = {
    {"to", required_argument, NULL, 't'},
    {"format", required_argument, NULL, 'm'},
    {NULL, 0, NULL, 0},
};

static int check(struct diag *dg, struct args *args)
{
    const char *to = args->value['t'], *from = args->value['m'];

    if (!to)
        return args_usage(dg, args->name, "--to xl, libvirt or json is wanted");
    if (strcmp(to, "xl") && strcmp(to, "libvirt") && strcmp(to, "json"))
        return args_usage(dg, args->name,
                          "no format %s; there are xl, libvirt and json", to);
    if (from && strcmp(from, "xl") && strcmp(from, "libvirt"))
        return args_usage(dg, args->name,
                          "no format %s; there are xl and libvirt", from);
    return 0;
}

/* The kernel's, where it can be read; else 0. */
static int find_width(struct host *host, const struct config *cfg,
                      unsigned int *found)
{
    int rc = host_open_none(host, host->dg);

    *found = 0;
    if (!rc && !config_is_other(cfg))
        *found = image_width(host->xc, cfg);
    return rc;
}

/* What the kernel and the XML's arch contradict each other in is refused. */
static int check_width(struct host *host, const struct config *cfg, bool to_xl,
                       unsigned int found)
{
    if (found && cfg->width && found != cfg->width)
        return config_fail(cfg, host->dg, DW_CONFIG, -EINVAL, "type",
                           "arch asks for a %u-bit guest, and %s is a %u-bit "
                           "kernel",
                           cfg->width, cfg->kernel, found);
    if (to_xl && !found && cfg->width)
        diag_warn("%s: type: arch is left out; xl's guests have the width of "
                  "their kernel, which cannot be read here",
                  config_where(cfg, "type"));
    return 0;
}

static int write_json(const struct config *cfg, unsigned int width,
                      struct diag *dg)
{
    json_t *facts = settings_json(&cfg->settings);

    if (!facts)
        return diag_fail(dg, DW_CONFIG, -EINVAL,
                         "%s: a text in it is not UTF-8, and JSON has no other",
                         cfg->source);
    if (width && json_object_set_new(facts, "width", json_integer(width))) {
        json_decref(facts);
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    }
    return cmd_print_json(dg, facts);
}

/*
 * A kernel that is here has to fit into the guest's memory, as for create.  A
 * ramdisk that is not may be where the guest is going to be.
 */
static int check_fit(struct host *host, const struct config *cfg)
{
    struct image image = {0};
    int rc;

    /* What a bootloader is going to find is another kernel. */
    if (config_is_for_xl(cfg, "bootloader") ||
        (cfg->ramdisk && *cfg->ramdisk && access(cfg->ramdisk, R_OK)))
        return 0;
    dw_hooks_register(PIN_LEVELS, NULL);
    rc = image_open(&image, host->xc, image_any_caps, cfg, host->dg);
    if (!rc)
        rc = image_plan(&image, cfg, host->dg);
    image_close(&image);
    if (rc)
        diag_next(host->dg);
    return rc;
}

/* `good`: it makes a guest; else nothing is to come out but what is wrong. */
static int write_libvirt(const struct config *cfg, unsigned int width,
                         bool good, struct diag *dg)
{
    if (!cfg->is_xml)
        config_warn_of_libvirt(cfg);
    return config_write_libvirt(cfg, width, good ? stdout : NULL, dg);
}

/*
 * What cannot be said, or what create would refuse, is refused before a line is
 * out.
 */
static int write_as(struct host *host, struct config *cfg, const char *to)
{
    struct diag *dg = host->dg;
    unsigned int found, width;
    int good = config_check(cfg, dg);
    int rc = find_width(host, cfg, &found);

    if (!rc)
        rc = check_width(host, cfg, !strcmp(to, "xl"), found);
    if (!rc && !good && found)
        good = check_fit(host, cfg);
    if (rc)
        return rc;
    width = found ? found : cfg->width;
    if (!strcmp(to, "libvirt"))
        rc = write_libvirt(cfg, width, !good, dg);
    else if (good)
        return good;
    else if (!strcmp(to, "json"))
        return write_json(cfg, width, dg);
    else
        rc = config_write_xl(cfg, stdout, dg);
    if (!rc)
        rc = good;
    return rc ? rc : cmd_printed(dg, NULL);
}

static int run(struct host *host, const struct args *args)
{
    const char *from = args->value['m'];
    struct config cfg;
    int rc;

    config_init(&cfg);
    cfg.wants_settings = true;
    cfg.tells_kept = !strcmp(args->value['t'], "xl");
    if (from)
        cfg.format = strcmp(from, "xl") ? CONFIG_LIBVIRT : CONFIG_XL;
    rc = config_xl_read(&cfg, args->operand[0], NULL, 0, host->dg);
    if (!rc)
        rc = write_as(host, &cfg, args->value['t']);
    config_dispose(&cfg);
    return rc;
}

const struct command cmd_convert = {
    .name = "convert",
    .args = "--to FORMAT FILE",
    .summary = "write a configuration as an xl file, libvirt's XML or JSON",
    .help =
        "  --to FORMAT          xl, libvirt or json\n"
        "  --format FORMAT      what FILE is: xl or libvirt; without it, its\n"
        "                       content tells\n",
    .need = NEED_NOTHING,
    .options = options,
    .min = 1,
    .max = 1,
    .wanted = "a configuration is wanted, one file",
    .check = check,
    .run = run,
};
