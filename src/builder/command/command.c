/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/find.h"
#include "report/facts.h"

const struct option cmd_json_option[] = {
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

const struct option cmd_all_option[] = {
    {"all", no_argument, NULL, 'a'},
    {NULL, 0, NULL, 0},
};

int cmd_check_all(struct diag *dg, struct args *args)
{
    if (args->times['a'] && args->n)
        return args_usage(dg, args->name, "-a means all domains, not %s",
                          args->operand[0]);
    return args->times['a'] || args->n
               ? 0
               : args_usage(dg, args->name, "a domain is wanted");
}

static int all_domains(struct host *host,
                       int (*one)(struct host *host, const char *who,
                                  void *arg),
                       void *arg)
{
    xc_domaininfo_t *list;
    unsigned int i, n;
    char id[12];
    int rc2, rc = host_domains(host, &list, &n);

    for (i = 0; list && i < n; i++) {
        if (!list[i].domain)
            continue;
        diag_next(host->dg);
        snprintf(id, sizeof(id), "%u", list[i].domain);
        rc2 = one(host, id, arg);
        if (rc2 == -ESRCH) /* it went meanwhile, and is none of them */
            diag_drop(host->dg);
        else if (rc2)
            rc = rc2;
    }
    free(list);
    return rc;
}

int cmd_each_domain(struct host *host, const struct args *args,
                    int (*one)(struct host *host, const char *who, void *arg),
                    void *arg)
{
    int i, rc2, rc = 0;

    if (args->times['a'])
        return all_domains(host, one, arg);
    for (i = 0; i < args->n; i++) {
        diag_next(host->dg);
        rc2 = one(host, args->operand[i], arg);
        if (rc2)
            rc = rc2;
    }
    return rc;
}

static int show_all(struct host *host,
                    int (*show)(struct host *host, const xc_domaininfo_t *info,
                                void *arg),
                    void *arg)
{
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n);

    for (i = 0; !rc && i < n; i++)
        rc = show(host, &list[i], arg);
    free(list);
    return rc;
}

int cmd_show_domains(struct host *host, const struct args *args,
                     int (*show)(struct host *host, const xc_domaininfo_t *info,
                                 void *arg),
                     void *arg)
{
    xc_domaininfo_t info;
    int i, rc2, rc = 0;

    for (i = 0; i < args->n; i++) {
        diag_next(host->dg);
        rc2 = host_find(host, args->operand[i], &info);
        if (!rc2)
            rc2 = show(host, &info, arg);
        if (rc2)
            rc = rc2;
    }
    return args->n ? rc : show_all(host, show, arg);
}

const char *cmd_format(const struct args *args)
{
    static const char *const formats[] = {"text", "json", "svg"};
    const char *format = args->value['f'];

    if (!format)
        return args->times['j'] ? "json" : "text";
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (!strcmp(format, formats[i]))
            return formats[i];
    return NULL;
}

int cmd_check_format(struct diag *dg, const struct args *args)
{
    return cmd_format(args)
               ? 0
               : args_usage(dg, args->name, "no format %s", args->value['f']);
}

int cmd_printed(struct diag *dg, const char *done, ...)
{
    char what[256] = "";
    va_list al;
    int err;

    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return 0;
    err = errno; /* 0: it went wrong earlier */
    clearerr(stdout);
    if (done) {
        va_start(al, done);
        vsnprintf(what, sizeof(what), done, al);
        va_end(al);
    }
    return diag_fail(dg, DW_FAILED, -EIO, "%s%swriting the output failed%s%s",
                     what, *what ? ", but " : "", err ? ": " : "",
                     err ? strerror(err) : "");
}

/*
 * JSON may have the control characters from U+007F to U+009F as they are, and
 * Jansson leaves them so; a terminal may not.  In UTF-8 all but the first have
 * 0xc2 before them, which is nothing else's first byte.
 */
static void print_shown(FILE *out, const char *json)
{
    const unsigned char *p;

    for (p = (const unsigned char *)json; *p; p++)
        if (*p == 0x7f)
            fputs("\\u007f", out);
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
            fprintf(out, "\\u%04x", *++p);
        else
            fputc(*p, out);
    fputc('\n', out);
}

int cmd_print_json(struct diag *dg, json_t *report)
{
    char *json = report ? json_dumps(report, JSON_INDENT(2)) : NULL;

    json_decref(report);
    if (!json)
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    print_shown(stdout, json);
    free(json);
    return 0;
}

char *cmd_json_line(json_t *report)
{
    /* 0.1 is to look like that. */
    char *json = report ? json_dumps(report, JSON_REAL_PRECISION(15)) : NULL;
    char *line = NULL;
    size_t size;
    FILE *out = json ? open_memstream(&line, &size) : NULL;

    json_decref(report);
    if (out) {
        print_shown(out, json);
        if (fclose(out)) {
            free(line);
            line = NULL;
        }
    }
    free(json);
    return line;
}

int cmd_print_facts(struct diag *dg, json_t *facts, bool json)
{
    if (json)
        return cmd_print_json(dg, facts);
    facts_print(facts, stdout);
    json_decref(facts);
    return 0;
}
