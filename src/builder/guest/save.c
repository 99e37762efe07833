/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/save.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>
#include <xenguest.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "config/guest_config.h"
#include "guest/migration.h"
#include "guest/userdata.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/suspend.h"
#include "host/xenstore.h"
#include "stream/header.h"

/* ---- its configuration, as it is by now ---- */

static bool read_number(struct host *host, uint32_t domid, const char *node,
                        json_int_t *value)
{
    char *text = store_read(host->xs, domid, node), *end = NULL;
    bool is_number = false;

    errno = 0;
    if (text && *text >= '0' && *text <= '9') {
        *value = strtoll(text, &end, 10);
        is_number = !errno && !*end;
    }
    free(text);
    return is_number;
}

static void update_number(struct host *host, uint32_t domid, json_t *object,
                          const char *name, const char *node)
{
    json_int_t value;

    if (read_number(host, domid, node, &value))
        json_object_set_new(object, name, json_integer(value));
}

static void at_least(json_t *object, const char *name, json_int_t least)
{
    if (json_integer_value(json_object_get(object, name)) < least)
        json_object_set_new(object, name, json_integer(least));
}

static void update_name(struct host *host, uint32_t domid, json_t *create)
{
    char *name = store_read(host->xs, domid, "name");

    if (name)
        json_object_set_new(create, "name", json_string(name));
    free(name);
}

static json_t *online_vcpus(struct host *host, const xc_domaininfo_t *info)
{
    json_t *list = json_array();
    char node[40], *state;
    unsigned int i;

    for (i = 0; i <= info->max_vcpu_id; i++) {
        snprintf(node, sizeof(node), "cpu/%u/availability", i);
        state = store_read(host->xs, info->domain, node);
        if (state && !strcmp(state, "online"))
            json_array_append_new(list, json_integer(i));
        free(state);
    }
    return list;
}

/* What xl saves of it, too: it may have been renamed, and grown. */
static void update(struct host *host, const xc_domaininfo_t *info, json_t *all)
{
    json_t *create = json_object_get(all, "c_info");
    json_t *build = json_object_get(all, "b_info");

    update_name(host, info->domain, create);
    update_number(host, info->domain, build, "target_memkb", "memory/target");
    update_number(host, info->domain, build, "max_memkb", "memory/static-max");
    /* It may have been told to shrink, and not have done so yet: where it is
     * restored there has to be room for what it has. */
    at_least(build, "target_memkb", (json_int_t)info->tot_pages << 2);
    at_least(build, "max_memkb", (json_int_t)info->tot_pages << 2);
    json_object_set_new(build, "avail_vcpus", online_vcpus(host, info));
}

/* Nobody kept one: what Xen knows has to do. */
static json_t *make_up(const xc_domaininfo_t *info)
{
    struct config cfg;
    json_t *all;

    config_init(&cfg);
    memcpy(cfg.uuid, info->handle, sizeof(cfg.uuid));
    cfg.vcpus = cfg.maxvcpus = info->max_vcpu_id + 1ul;
    cfg.memory = cfg.maxmem = (info->tot_pages + 255) >> 8;
    all = userdata_json(&cfg, 0, 0);
    config_dispose(&cfg);
    return all;
}

/* The text, which the caller frees. */
static int describe(struct host *host, const xc_domaininfo_t *info, char **text)
{
    char *kept;
    json_t *all;
    int rc = userdata_read(info->domain, info->handle, &kept);

    if (rc && rc != -ENOENT)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "reading what is kept of domain %s's configuration: "
                         "%s",
                         host_called(host, info->domain), strerror(-rc));
    all = rc ? make_up(info) : json_loads(kept, 0, NULL);
    free(kept);
    if (!all)
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "what is kept of domain %s's configuration is no JSON",
                         host_called(host, info->domain));
    if (rc)
        diag_warn("nothing is kept of domain %s's configuration: what is saved "
                  "has its size and name alone",
                  host_called(host, info->domain));
    if (json_array_size(
            json_object_get(json_object_get(all, "b_info"), "vnuma_nodes"))) {
        json_decref(all);
        return diag_fail(host->dg, DW_FAILED, -EOPNOTSUPP,
                         "domain %s has virtual nodes (vnuma): nothing could "
                         "restore it",
                         host_called(host, info->domain));
    }
    update(host, info, all);
    *text = json_dumps(all, JSON_INDENT(4));
    json_decref(all);
    return *text ? 0 : diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
}

/* ---- can it be saved? ---- */

/*
 * A guest that can has told where its P2M list is, from its first moments on
 * (xen/arch-x86/xen.h, struct arch_shared_info); otherwise libxenguest finds
 * that out, and says so in its own words.
 */
static bool has_told(const void *page, unsigned int width)
{
    const struct shared_info_x86_32 *s32 = page;
    const struct shared_info_x86_64 *s64 = page;

    return width == 32
               ? s32->arch.pfn_to_mfn_frame_list_list || s32->arch.p2m_cr3
               : s64->arch.pfn_to_mfn_frame_list_list || s64->arch.p2m_cr3;
}

int guest_can_be_saved(struct host *host, const xc_domaininfo_t *info,
                       unsigned int width)
{
    const xen_pfn_t frame = info->shared_info_frame;
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    void *page = memory ? xenforeignmemory_map(memory, info->domain, PROT_READ,
                                               1, &frame, NULL)
                        : NULL;
    int rc = 0;

    if (!page)
        rc = diag_fail_xc(host->dg, "looking at domain %s",
                          host_called(host, info->domain));
    else if (!has_told(page, width))
        rc = diag_fail(host->dg, DW_FAILED, -EOPNOTSUPP,
                       "domain %s cannot be saved: its kernel has not said "
                       "where its list of frames is, as one does that can "
                       "suspend",
                       host_called(host, info->domain));
    if (page)
        xenforeignmemory_unmap(memory, page, 1);
    if (memory)
        xenforeignmemory_close(memory);
    return rc;
}

/* ---- libxenguest's part ---- */

struct save {
    struct host *host;
    const struct save_progress *progress;
    const struct save_terms *terms;
    struct live_facts *facts;
    const xc_domaininfo_t *info;
    unsigned int width;
    uint32_t domid;
    int fd;
    uint64_t assists; /* as they were told in front */
    bool was_suspended;
    bool asked;  /* it is we who suspended it */
    bool ended;  /* by who watches the progress */
    int why_not; /* suspend() failed: libxenguest has an errno of its own */
    /* Of a round with Xen's log: */
    int64_t round_began;
    uint64_t pages; /* that those before it sent */
};

/* By what was told in front its memory has been placed. */
static int check_assists(const struct save *save)
{
    uint64_t assists;
    int rc = domain_vm_assist(save->host, save->domid, save->width, &assists);

    if (rc || save->width != 32 || assists == save->assists)
        return rc;
    return diag_fail(
        save->host->dg, DW_FAILED, -EAGAIN,
        "domain %s changed its VM assists meanwhile, from %#" PRIx64
        " to %#" PRIx64 ": try again",
        host_called(save->host, save->domid), save->assists, assists);
}

static int suspend(void *arg)
{
    struct save *save = arg;
    int rc;

    if (save->was_suspended)
        return 1;
    rc = save->terms->suspends(save->terms->arg);
    if (!rc)
        rc = suspend_guest(save->host, save->domid, save->terms->check,
                           save->terms->arg);
    save->asked = !rc;
    save->facts->since = live_now();
    if (!rc)
        rc = check_assists(save);
    save->why_not = rc;
    return !rc;
}

/*
 * libxenguest asks nobody whether to go on.  What it writes to becomes what
 * takes nothing.
 */
static void end(struct save *save)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    save->ended = true;
    if (full >= 0) {
        dup2(full, save->fd);
        close(full);
    }
}

static void tell(void *arg, unsigned long done, unsigned long total)
{
    struct save *save = arg;

    if (!save->ended && save->progress->tell(save->progress->arg, done, total))
        end(save);
}

static int cannot_write(const struct save *save, int rc)
{
    return diag_fail(
        save->host->dg, DW_FAILED, rc, "cannot write domain %s to %s: %s",
        host_called(save->host, save->domid), save->terms->to, strerror(-rc));
}

/* The file's fault, or Xen's? */
static int save_failed(const struct save *save)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EPIPE:
        return cannot_write(save, -errno);
    default:
        return diag_fail_xc(save->host->dg, "saving domain %s",
                            host_called(save->host, save->domid));
    }
}

/* libxenguest's own, which is not exported: so many rounds, or until a round
 * leaves so little (xg_sr_save.c, simple_precopy_policy). */
#define LOG_ROUNDS    5
#define LOG_FEW_PAGES 50

static void tell_round(struct save *save, const struct precopy_stats *stats)
{
    const int64_t now = live_now(), ms = now - save->round_began;
    const uint64_t pages = stats->total_written - save->pages;
    const double rate = (double)pages * 1e3 / (double)(ms > 0 ? ms : 1);
    const bool known = stats->dirty_count >= 0;
    const struct live_round round = {
        .number = stats->iteration,
        .pages = pages,
        .ms = ms,
        .rate = rate,
        .dirty_rate =
            known ? (double)stats->dirty_count * 1e3 / (double)(ms > 0 ? ms : 1)
                  : -1,
        .remaining = !known ? -1
                     : rate > 0
                         ? (int64_t)((double)stats->dirty_count * 1e3 / rate)
                         : 0,
    };

    save->facts->rounds = stats->iteration;
    save->facts->pages_live = stats->total_written;
    save->pages = stats->total_written;
    save->round_began = now;
    if (save->progress->round)
        save->progress->round(save->progress->arg, &round);
}

/* Asked before each round, when it is known how much is to be sent, and after
 * it, when it is not; after the last one that is all. */
static int go_on(struct precopy_stats stats, void *arg)
{
    struct save *save = arg;

    if (stats.iteration &&
        (stats.dirty_count >= 0 || stats.iteration >= LOG_ROUNDS))
        tell_round(save, &stats);
    return (stats.dirty_count >= 0 && stats.dirty_count < LOG_FEW_PAGES) ||
                   stats.iteration >= LOG_ROUNDS
               ? XGS_POLICY_STOP_AND_COPY
               : XGS_POLICY_CONTINUE_PRECOPY;
}

static int put_memory(struct save *save)
{
    struct save_callbacks callbacks = {
        .suspend = suspend, .precopy_policy = go_on, .data = save};
    const struct xenlog_progress progress = {.tell = tell, .arg = save};
    struct host *host = save->host;
    int rc = 0;

    diag_step(host->dg);
    host->log.progress = &progress;
    if (xc_domain_save(host->xc, save->fd, save->domid,
                       save->terms->way == SAVE_LOG_DIRTY ? XCFLAGS_LIVE : 0,
                       &callbacks, XC_STREAM_PLAIN, -1))
        rc = save->why_not ? save->why_not : save_failed(save);
    host->log.progress = NULL;
    return rc;
}

static void no_round(void *arg, const struct live_round *round)
{
    (void)arg;
    (void)round;
}

static int live_suspended(void *arg)
{
    return check_assists(arg);
}

static int put_live(struct save *save)
{
    const struct live_terms terms = {
        .max_downtime = save->terms->max_downtime,
        .tell = save->progress->tell,
        .round = save->progress->round ? save->progress->round : no_round,
        .tell_arg = save->progress->arg,
        .suspends = save->terms->suspends,
        .check = save->terms->check,
        .suspends_arg = save->terms->arg,
        .suspended = live_suspended,
        .suspended_arg = save,
    };
    int rc = live_send(save->host, save->info, save->width, save->fd, &terms,
                       save->facts);

    save->asked = save->facts->is_suspended;
    return rc;
}

static int put(struct save *save, const char *config)
{
    int rc =
        domain_vm_assist(save->host, save->domid, save->width, &save->assists);

    if (rc)
        return rc;
    rc = header_begin(save->fd, config, save->assists);
    if (!rc) {
        rc =
            save->terms->way == SAVE_HASHED ? put_live(save) : put_memory(save);
        if (rc)
            return rc;
        rc = header_finish(save->fd);
    }
    return rc ? cannot_write(save, rc) : 0;
}

/* Another that saved it as well may have let it go on meanwhile. */
static int check_still(struct host *host, const xc_domaininfo_t *before)
{
    xc_domaininfo_t info;
    int rc = host_domain(host, before->domain, &info);

    if (!rc && suspend_is_done(&info) &&
        !memcmp(info.handle, before->handle, sizeof(info.handle)))
        return 0;
    return diag_fail(host->dg, DW_FAILED, rc ? rc : -EBUSY,
                     "domain %s did not stay suspended: somebody else was at "
                     "it",
                     host_called(host, before->domain));
}

/* Not what came of that is the cause.  A signal is one of its own. */
static int tell_gone(struct host *host, const xc_domaininfo_t *before, int rc)
{
    xc_domaininfo_t info;
    int r = host_domain(host, before->domain, &info);

    if (rc == -EINTR || (r && r != -ESRCH))
        return 0;
    if (!r && !(info.flags & XEN_DOMINF_dying) &&
        !memcmp(info.handle, before->handle, sizeof(info.handle)))
        return 0;
    diag_drop(host->dg);
    return diag_fail(host->dg, DW_FAILED, -ESRCH,
                     "domain %s was destroyed meanwhile",
                     host_called(host, before->domain));
}

/* That it is being saved, and by whom. */
struct note {
    struct host *host;
    uint32_t domid;
    struct migration as;
};

/* From then on the guest may come to stand still at any moment. */
static int note_asked(void *arg)
{
    struct note *note = arg;

    note->as.phase = MIGRATION_ASKED;
    return migration_write(note->host, note->domid, &note->as);
}

int guest_save_header(struct host *host, const xc_domaininfo_t *info,
                      unsigned int width, int fd, const char *to)
{
    const struct save_terms terms = {.to = to};
    const struct save save = {
        .host = host, .terms = &terms, .domid = info->domain};
    char *config = NULL;
    uint64_t assists;
    int rc = describe(host, info, &config);

    if (!rc)
        rc = domain_vm_assist(host, info->domain, width, &assists);
    if (!rc) {
        rc = header_begin(fd, config, assists);
        if (rc)
            rc = cannot_write(&save, rc);
    }
    free(config);
    return rc;
}

int guest_save(struct host *host, const xc_domaininfo_t *info,
               unsigned int width, int fd, const char *to,
               const struct save_progress *progress)
{
    const char *who = host_called(host, info->domain);
    struct note note = {.host = host, .domid = info->domain};
    const struct save_terms terms = {
        .way = SAVE_SUSPENDED, .to = to, .suspends = note_asked, .arg = &note};
    struct live_facts facts;
    int rc = migration_init_save(&note.as, who);

    if (rc)
        rc = diag_fail(host->dg, DW_FAILED, rc, "%s", strerror(-rc));
    if (!rc)
        rc = migration_claim(host, info->domain, &note.as, who);
    if (!rc) {
        rc = guest_save_by(host, info, width, fd, progress, &terms, &facts);
        if (rc)
            migration_clear_save(host, info->domain);
    }
    migration_dispose(&note.as);
    return rc;
}

int guest_save_by(struct host *host, const xc_domaininfo_t *info,
                  unsigned int width, int fd,
                  const struct save_progress *progress,
                  const struct save_terms *terms, struct live_facts *facts)
{
    struct save save = {
        .host = host,
        .progress = progress,
        .terms = terms,
        .facts = facts,
        .info = info,
        .width = width,
        .domid = info->domain,
        .fd = fd,
        .was_suspended = suspend_is_done(info),
        .round_began = live_now(),
    };
    char *config = NULL;
    int rc = describe(host, info, &config), gone;

    (void)host_called(host, info->domain);
    *facts = (struct live_facts){.rounds = 0};
    if (!rc)
        rc = guest_can_be_saved(host, info, width);
    if (!rc)
        rc = put(&save, config);
    free(config);
    if (!rc)
        rc = check_still(host, info);
    else if ((gone = tell_gone(host, info, rc)))
        rc = gone;
    else if (save.asked && suspend_end(host, info->domain))
        diag_warn("domain %s stays suspended", host_called(host, info->domain));
    return rc;
}
