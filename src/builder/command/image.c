/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is in a file with a saved domain, and in what two of them differ. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command/command.h"
#include "command/saved_file.h"
#include "report/saved.h"
#include "stream/compare.h"

static int warn_of_rest(struct saved_file *file, const char *name)
{
    int rc = source_ends(&file->source, file->saved.length);

    if (!rc)
        diag_warn("%s: what follows its end, at %#" PRIx64 ", is not read",
                  name, file->saved.length);
    return 0;
}

static int show(struct saved_file *file, const struct args *args,
                struct diag *dg)
{
    json_t *facts = saved_json(&file->saved, args->operand[0]);

    if (args->times['j'])
        return cmd_print_json(dg, facts);
    saved_print(facts, stdout);
    json_decref(facts);
    return 0;
}

/* ---- two of them ---- */

struct difference {
    json_t *rows; /* NULL: lines on standard output */
    uint64_t pages, others;
};

static int found(const struct compare_run *run, void *arg)
{
    struct difference *difference = arg;

    difference->pages += run->end - run->first;
    if (difference->rows)
        return json_array_append_new(difference->rows, saved_run_json(run))
                   ? -ENOMEM
                   : 0;
    saved_run_print(run, stdout);
    return 0;
}

static int other(struct difference *difference, const char *what)
{
    difference->others++;
    if (difference->rows)
        return json_array_append_new(difference->rows,
                                     json_pack("{ss}", "what", what))
                   ? -ENOMEM
                   : 0;
    printf("%s\n", what);
    return 0;
}

static int compare_vcpu(const struct compare_side side[2], unsigned int i,
                        struct difference *difference, struct diag *dg)
{
    static const char *const names[SAVED_VCPU_BLOBS] = {
        [SAVED_BASIC] = "context",
        [SAVED_EXTENDED] = "extended context",
        [SAVED_XSAVE] = "extended state",
        [SAVED_MSRS] = "MSRs",
    };
    char what[64];
    unsigned int kind;
    int rc = 0;

    for (kind = 0; rc >= 0 && kind < SAVED_VCPU_BLOBS; kind++) {
        rc = compare_blob(side, &side[0].saved->vcpu[i].blob[kind],
                          &side[1].saved->vcpu[i].blob[kind], dg);
        if (rc <= 0)
            continue;
        snprintf(what, sizeof(what), "vCPU %u: another %s", i, names[kind]);
        rc = other(difference, what);
    }
    return rc < 0 ? rc : 0;
}

static int compare_rest(const struct compare_side side[2],
                        struct difference *difference, struct diag *dg)
{
    const struct saved *a = side[0].saved, *b = side[1].saved;
    unsigned int i;
    int rc = 0;

    if (a->width != b->width)
        rc = other(difference, "another width");
    if (!rc && a->vcpus != b->vcpus)
        rc = other(difference, "another number of vCPUs");
    for (i = 0; !rc && i < a->vcpus && i < b->vcpus; i++)
        rc = compare_vcpu(side, i, difference, dg);
    if (!rc) {
        rc = compare_blob(side, &a->shared_info, &b->shared_info, dg);
        if (rc > 0)
            rc = other(difference, "another shared_info");
    }
    return rc;
}

static int compare(struct saved_file file[2], const struct args *args,
                   struct diag *dg)
{
    const struct compare_side side[2] = {
        {&file[0].saved, &file[0].source, args->operand[0]},
        {&file[1].saved, &file[1].source, args->operand[1]},
    };
    struct difference difference = {
        .rows = args->times['j'] ? json_array() : NULL,
    };
    int rc = compare_rest(side, &difference, dg), rc2 = 0;

    if (!rc)
        rc = compare_pages(side, found, &difference, dg);
    if (rc == -ENOMEM)
        rc = diag_fail(dg, DW_FAILED, rc, "out of memory");
    if (difference.rows)
        rc2 = cmd_print_json(dg, difference.rows);
    rc = rc ? rc : rc2;
    if (!rc && (difference.pages || difference.others))
        rc = diag_fail(dg, DW_FAILED, -EBADMSG,
                       "%s and %s differ in %" PRIu64 " %s%s", args->operand[0],
                       args->operand[1], difference.pages,
                       difference.pages == 1 ? "page" : "pages",
                       difference.others ? " and more" : "");
    return rc;
}

static int check(struct diag *dg, struct args *args)
{
    int i;

    if (args->n < 2)
        return 0;
    for (i = 0; i < args->n; i++)
        if (!strcmp(args->operand[i], "-"))
            return args_usage(dg, args->name, "two are compared as files");
    return 0;
}

static int run(struct host *host, const struct args *args)
{
    struct saved_file file[2] = {SAVED_FILE_CLOSED, SAVED_FILE_CLOSED};
    int rc = 0, i;

    for (i = 0; !rc && i < args->n; i++) {
        rc = saved_file_open(&file[i], args->operand[i], args->n > 1, host->dg);
        if (!rc)
            rc = warn_of_rest(&file[i], args->operand[i]);
    }
    if (!rc && args->n == 2 &&
        !(file[0].source.is_file && file[1].source.is_file))
        rc =
            diag_fail(host->dg, DW_USAGE, -ESPIPE, "two are compared as files");
    if (!rc)
        rc = args->n == 1 ? show(&file[0], args, host->dg)
                          : compare(file, args, host->dg);
    for (i = 0; i < args->n; i++)
        saved_file_close(&file[i]);
    return rc;
}

const struct command cmd_image = {
    .name = "image",
    .args = "[--json] FILE [OTHER]",
    .summary = "show what is in a file with a saved guest",
    .help = "  --json  report as JSON\n\n"
            "FILE may be \"-\", standard input.  With OTHER it shows in what "
            "the two\ndiffer, and ends with 1 where they do.\n",
    .need = NEED_NOTHING,
    .options = cmd_json_option,
    .min = 1,
    .max = 2,
    .wanted = "a file is wanted, or two",
    .check = check,
    .run = run,
};
