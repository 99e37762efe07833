/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "host/plugged.h"
#include "text.h"

static const struct option options[] = {
    {"status", no_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

struct report {
    struct diag *dg;
    bool only_ours; /* of all processes, those that have the plugin */
    json_t *json;   /* NULL: text */
    unsigned int nr;
    int rc; /* of what was found wrong so far */
};

static void add_json(json_t *all, const struct plugged *p)
{
    json_t *one =
        json_pack("{sI sO}", "pid", (json_int_t)p->pid, "plugin", json_null());
    char name[256];

    text_escape(name, sizeof(name), p->name);
    json_object_set_new(one, "name", json_string(name));
    if (*p->path)
        json_object_set_new(one, "plugin", json_string(p->path));
    if (*p->version)
        json_object_set_new(one, "version", json_string(p->version));
    json_object_set_new(one, "replaced", json_boolean(p->replaced));
    json_array_append_new(all, one);
}

static void print_text(const struct plugged *p, const char *name)
{
    if (!*p->path)
        printf("%ld %s: the library's own builder\n", (long)p->pid, name);
    else if (p->replaced)
        printf("%ld %s: domwright, of a file that is no longer there: %s\n",
               (long)p->pid, name, p->path);
    else
        printf("%ld %s: domwright %s, %s\n", (long)p->pid, name, p->version,
               p->path);
}

static int tell(void *arg, const struct plugged *p)
{
    struct report *r = arg;
    char name[256];

    if (r->only_ours && !*p->path)
        return 0;
    r->nr++;
    text_escape(name, sizeof(name), p->name);
    if (r->json)
        add_json(r->json, p);
    else
        print_text(p, name);
    if (*p->path)
        return 0;
    r->rc = diag_fail(r->dg, DW_FAILED, -ENOENT,
                      "%s, process %ld: it builds without domwright", name,
                      (long)p->pid);
    diag_next(r->dg);
    return 0;
}

static void look_at(struct report *r, const char *word)
{
    unsigned int before = r->nr;
    struct plugged p;
    char *end;
    long pid = strtol(word, &end, 10);
    int rc;

    if (!*end && pid > 0 && pid <= INT_MAX) {
        rc = plugged_look((pid_t)pid, &p);
        if (rc)
            r->rc = diag_fail(r->dg, DW_FAILED, rc, "process %ld: %s", pid,
                              strerror(-rc));
        else
            (void)tell(r, &p);
    } else {
        rc = plugged_each(word, tell, r);
        if (rc || r->nr == before)
            r->rc =
                diag_fail(r->dg, DW_FAILED, rc ? rc : -ESRCH,
                          "there is no process %s that may be looked at", word);
    }
    diag_next(r->dg);
}

static int run(struct host *host, const struct args *args)
{
    struct report r = {.dg = host->dg, .only_ours = !args->n};
    int rc;

    if (args->times['j'])
        r.json = json_array();
    if (!args->n)
        r.rc = plugged_each(NULL, tell, &r);
    for (int i = 0; i < args->n; i++)
        look_at(&r, args->operand[i]);
    if (!args->n && !r.nr && !r.json && !host->dg->quiet)
        puts("no process that may be looked at builds with domwright");
    rc =
        r.json ? cmd_print_json(host->dg, r.json) : cmd_printed(host->dg, NULL);
    return rc ? rc : r.rc;
}

static int check(struct diag *dg, struct args *args)
{
    if (!args->times['s'])
        return args_usage(dg, args->name, "--status is wanted");
    return 0;
}

const struct command cmd_hooks = {
    .name = "hooks",
    .args = "--status [--json] [PID|NAME...]",
    .summary = "show whether running processes build with domwright",
    .help = "  --status             of these processes, or all that do\n"
            "  --json               report as JSON\n",
    .need = NEED_NOTHING,
    .options = options,
    .max = -1,
    .check = check,
    .run = run,
};
