/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/hand_over.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/xl.h"

/* More than the reader of configurations takes. */
#define MAX_INPUT (2 * 1024 * 1024)

static bool is_stdin(const char *file)
{
    return !strcmp(file, "-");
}

/* All of standard input, to be read from its beginning again. */
static int copy_input(int to)
{
    char buffer[4096];
    size_t total = 0;
    ssize_t n;

    while (total < MAX_INPUT && (n = read(0, buffer, sizeof(buffer)))) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || write(to, buffer, (size_t)n) != n)
            return -errno;
        total += (size_t)n;
    }
    return lseek(to, 0, SEEK_SET) || dup2(to, 0) < 0 ? -errno : 0;
}

int hand_over_prepare(const char *file, struct diag *dg)
{
    int fd, rc;

    if (!is_stdin(file))
        return 0;
    fd = memfd_create("configuration", MFD_CLOEXEC);
    rc = fd < 0 ? -errno : copy_input(fd);
    if (fd >= 0)
        close(fd);
    return rc ? diag_fail(dg, DW_FAILED, rc, "reading standard input: %s",
                          strerror(-rc))
              : 0;
}

void hand_over_tell(const struct config *cfg, const struct diag *dg,
                    const char *what)
{
    const char *between = "";
    size_t i;

    if (dg->quiet)
        return;
    fprintf(stderr, "domwright: %s: ", cfg->source);
    for (i = 0; i < cfg->n_places; i++)
        if (cfg->places[i].for_xl) {
            fprintf(stderr, "%s%s", between, cfg->places[i].key);
            between = ", ";
        }
    fprintf(stderr, ": %s\n", what);
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
static bool needs_vcpus(const struct config *cfg)
{
    return (config_has(cfg, "cpus") || config_has(cfg, "cpus_soft")) &&
           !config_has(cfg, "vcpus") && !config_has(cfg, "maxvcpus") &&
           !config_has(cfg, "vnuma");
}

int hand_over(const struct config *cfg, const struct args *args,
              const char *file, char *const *extra, int n_extra,
              struct diag *dg)
{
    const char *path = is_stdin(file) ? "/dev/stdin" : file;
    char **argv;
    int n = 0, i, rc;

    if (args->times['j'])
        return diag_fail(dg, DW_USAGE, -EINVAL,
                         "create: --json: %s is left to xl, which reports "
                         "nothing; see \"domwright help create\"",
                         cfg->source);
    /* The pin order goes to the plugin by the environment. */
    if (args->value['o'] && setenv("DOMWRIGHT_PIN_ORDER", args->value['o'], 1))
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    if (is_stdin(file) && lseek(0, 0, SEEK_SET))
        return diag_fail(dg, DW_FAILED, -errno, "standard input: %s",
                         strerror(errno));
    argv = calloc((size_t)n_extra + 16, sizeof(*argv));
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
    if (needs_vcpus(cfg))
        argv[n++] = (char *)"vcpus=1";
    hand_over_tell(cfg, dg, "left to xl, with domwright's builder in it");
    rc = xl_exec(dg, argv);
    free(argv);
    return rc;
}
