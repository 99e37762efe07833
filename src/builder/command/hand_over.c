/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/hand_over.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/embedded.h"
#include "host/xl.h"
#include "text.h"

/* "/dev/fd/" and a number. */
#define MAX_PATH_NAME 32

/*
 * Puts where xl is to read the file from into `path`.  Standard input is read
 * already, what xl's reader would not take, as it takes no text without a
 * newline at its end, was mended, and a name that moves the cursor is not for
 * xl to tell: what is to be read is in cfg->text.
 */
static int provide(const struct config *cfg, const char *file,
                   char path[MAX_PATH_NAME], struct diag *dg)
{
    size_t len = strlen(cfg->text);
    bool in = !strcmp(file, "-");
    int fd = memfd_create("configuration", in ? MFD_CLOEXEC : 0);

    if (fd < 0 || write(fd, cfg->text, len) != (ssize_t)len ||
        lseek(fd, 0, SEEK_SET) || (in && dup2(fd, 0) < 0))
        return diag_fail(dg, DW_FAILED, -errno, "%s, for xl: %s", cfg->source,
                         strerror(errno));
    if (in)
        snprintf(path, MAX_PATH_NAME, "/dev/stdin");
    else
        snprintf(path, MAX_PATH_NAME, "/dev/fd/%d", fd);
    return 0;
}

/* "guest.cfg: disk, vif: what".  NULL: there is no memory for it. */
static char *tell(const struct config *cfg, const char *what)
{
    const char *between = "";
    char *line = NULL;
    size_t len, i;
    FILE *out = open_memstream(&line, &len);

    if (!out)
        return NULL;
    fprintf(out, "%s: ", cfg->source);
    for (i = 0; i < cfg->n_places; i++)
        if (cfg->places[i].for_xl) {
            fprintf(out, "%s%s", between, cfg->places[i].key);
            between = ", ";
        }
    fprintf(out, ": %s", what);
    fclose(out);
    return line;
}

void hand_over_warn(const struct config *cfg, const char *what)
{
    char *line = tell(cfg, what);

    if (line)
        diag_warn("%s", line);
    free(line);
}

static const char *why_no_plan(const struct config *cfg, const char **key)
{
    *key = config_is_for_xl(cfg, "type") ? "type" : "builder";
    if (config_is_other(cfg))
        return "only a PV guest has a plan";
    *key = config_is_for_xl(cfg, "bootloader") ? "bootloader" : "firmware";
    return config_has_kernel(cfg)
               ? NULL
               : "no kernel is known yet that could be planned for";
}

const char *hand_over_no_plan(const struct config *cfg, const char **key)
{
    const char *why = why_no_plan(cfg, key);

    if (!why)
        hand_over_warn(cfg, config_is_for_xl(cfg, "bootloader")
                                ? "left to xl, with domwright's builder in it; "
                                  "the plan is without them, for the kernel "
                                  "that is named"
                                : "left to xl, with domwright's builder in it; "
                                  "the plan is without them");
    return why;
}

/* That xl builds the guest is a notice, where it does. */
static void notice(const struct config *cfg)
{
    char *line = tell(cfg, "left to xl, with domwright's builder in it");
    char shown[1024];

    if (line) {
        text_escape(shown, sizeof(shown), line);
        fprintf(stderr, "domwright: %s\n", shown);
    }
    free(line);
}

static bool is_device(const char *key)
{
    static const char *const keys[] = {
        "channel", "disk", "p9",  "pci", "pvcalls", "usbctrl", "usbdev",
        "vdispl",  "vfb",  "vif", "vkb", "vsnd",    "vtpm",
    };
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!strcmp(key, keys[i]))
            return true;
    return false;
}

/* xl would wait for their backends, and not say that there can be none. */
static void warn_of_devices(const struct config *cfg)
{
    char keys[200] = "", remedy[300] = "";
    size_t i, k = 0, r = 0;

    for (i = 0; i < cfg->n_places && k < sizeof(keys) && r < sizeof(remedy);
         i++) {
        const struct config_place *place = &cfg->places[i];

        if (!place->for_xl || !is_device(place->key))
            continue;
        k += (size_t)snprintf(keys + k, sizeof(keys) - k, "%s%s", k ? ", " : "",
                              place->key);
        r += (size_t)snprintf(remedy + r, sizeof(remedy) - r, "%s%s=[]",
                              r ? " " : "", place->key);
    }
    if (k)
        diag_warn("%s: %s: devices have no backend on an embedded host; %s "
                  "leaves them out",
                  cfg->source, keys, remedy);
}

/* xl has the same letters for the same things. */
static int add_options(char **argv, const struct args *args)
{
    static const struct {
        char letter;
        const char *option;
    } options[] = {
        {'c', "-c"},
        {'e', "-e"},
        {'F', "-F"},
        {'p', "-p"},
    };
    size_t i;
    int n = 0;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (args->times[(int)options[i].letter])
            argv[n++] = (char *)options[i].option;
    return n;
}

/*
 * xl drops cpus and cpus_soft where nothing says how many vCPUs there are: it
 * comes to its default of one after that.
 */
static bool lacks_vcpus(const struct config *cfg)
{
    return (config_has(cfg, "cpus") || config_has(cfg, "cpus_soft")) &&
           !config_has(cfg, "vcpus") && !config_has(cfg, "maxvcpus") &&
           !config_has(cfg, "vnuma");
}

/* Its own default makes xl fail where it frees memory first (autoballoon). */
static bool lacks_memory(const struct config *cfg)
{
    return !config_has(cfg, "memory") && !config_has(cfg, "maxmem") &&
           !config_has(cfg, "vnuma");
}

/* A PV guest has none, but would balloon down by as much. */
static bool has_videoram(const struct config *cfg)
{
    return config_has(cfg, "videoram") && !config_is_other(cfg);
}

/* It asks for nothing, but xl would take "" for something that it can run. */
static bool is_empty(const struct config *cfg, const char *key)
{
    return config_has(cfg, key) && !config_is_for_xl(cfg, key);
}

/* Settings behind all others, where xl does not do what they mean. */
static void add_settings(char **argv, const struct config *cfg)
{
    int n = 0;

    _Static_assert(CONFIG_DEFAULT_MIB == 32, "what stands below");
    if (lacks_vcpus(cfg))
        argv[n++] = (char *)"vcpus=1";
    if (lacks_memory(cfg))
        argv[n++] = (char *)"memory=32";
    if (has_videoram(cfg))
        argv[n++] = (char *)"videoram=0";
    if (is_empty(cfg, "bootloader"))
        argv[n++] = (char *)"bootloader=[]";
    if (is_empty(cfg, "bootloader_args"))
        argv[n++] = (char *)"bootloader_args=[]";
    if (is_empty(cfg, "firmware"))
        argv[n] = (char *)"firmware=[]";
}

int hand_over(const struct config *cfg, const struct args *args,
              const char *file, char *const *extra, int n_extra,
              struct diag *dg)
{
    char provided[MAX_PATH_NAME];
    const char *path = cfg->text ? provided : file;
    char **argv;
    int n = 0, i, rc = 0;

    if (args->times['j'])
        return diag_fail(dg, DW_USAGE, -EINVAL,
                         "create: --json: %s is left to xl, which reports "
                         "nothing; see \"domwright help create\"",
                         cfg->source);
    if (args->times['w'] || args->times['t'] || args->times['s'])
        return diag_fail(
            dg, DW_USAGE, -EINVAL,
            "create: --wait, --text and --state: %s is left to xl; "
            "\"domwright wait\" waits for its guest; see "
            "\"domwright help create\"",
            cfg->source);
    /* The pin order goes to the plugin by the environment. */
    if (args->value['o'] && setenv("DOMWRIGHT_PIN_ORDER", args->value['o'], 1))
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    if (cfg->text)
        rc = provide(cfg, file, provided, dg);
    if (rc)
        return rc;
    argv = calloc((size_t)n_extra + 24, sizeof(*argv));
    if (!argv)
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    argv[n++] = (char *)"xl";
    if (dg->verbose)
        argv[n++] = (char *)"-v";
    argv[n++] = (char *)"create";
    n += add_options(argv + n, args);
    if (dg->quiet)
        argv[n++] = (char *)"-q";
    /* Without -f xl would take it for an option, or a setting. */
    if (*path == '-' || strchr(path, '='))
        argv[n++] = (char *)"-f";
    argv[n++] = (char *)path;
    for (i = 0; i < n_extra; i++)
        argv[n++] = extra[i];
    add_settings(argv + n, cfg);
    if (!dg->quiet)
        notice(cfg);
    if (embedded_here())
        warn_of_devices(cfg);
    rc = xl_exec(dg, argv);
    free(argv);
    return rc;
}
