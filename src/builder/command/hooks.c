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

/* All of it is another's, who may have put anything there. */
struct shown {
    char name[256], path[PATH_MAX], version[128];
};

static void show(struct shown *s, const struct plugged *p)
{
    text_escape(s->name, sizeof(s->name), p->name);
    text_escape(s->path, sizeof(s->path), p->path);
    text_escape(s->version, sizeof(s->version), p->version);
}

static void add_json(json_t *all, const struct plugged *p,
                     const struct shown *s)
{
    json_t *one =
        json_pack("{sI ss sO sb}", "pid", (json_int_t)p->pid, "name", s->name,
                  "plugin", json_null(), "replaced", p->replaced);

    if (*s->path)
        json_object_set_new(one, "plugin", json_string(s->path));
    if (*s->version)
        json_object_set_new(one, "version", json_string(s->version));
    json_array_append_new(all, one);
}

static void print_text(const struct plugged *p, const struct shown *s)
{
    if (!*s->path)
        printf("%ld %s: the library's own builder\n", (long)p->pid, s->name);
    else if (p->replaced)
        printf("%ld %s: domwright, of a file that is no longer there: %s\n",
               (long)p->pid, s->name, s->path);
    else
        printf("%ld %s: domwright %s, %s\n", (long)p->pid, s->name, s->version,
               s->path);
}

static int tell(void *arg, const struct plugged *p)
{
    struct report *r = arg;
    struct shown s;

    if (r->only_ours && !*p->path)
        return 0;
    r->nr++;
    show(&s, p);
    if (r->json)
        add_json(r->json, p, &s);
    else
        print_text(p, &s);
    if (*p->path)
        return 0;
    r->rc = diag_fail(r->dg, DW_FAILED, -ENOENT,
                      "%s, process %ld: it builds without domwright", s.name,
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
