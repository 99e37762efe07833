/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/status.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>

#include "machine/alloc.h"
#include "machine/frames.h"
#include "recovery/audit.h"

/* By enum fx_type. */
static const char *const type_names[] = {
    "none", "l1", "l2", "l3", "l4", "descriptors", "writable",
};
#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

struct census {
    uint64_t types[N_TYPES];
    uint64_t pinned;
};

static void count_frames(const struct fx_host *host, struct census *census)
{
    const struct fx_frame *frame;
    uint64_t mfn;

    *census = (struct census){0};
    for (mfn = 0; (mfn = fx_next_used(host, mfn)) != FX_NO_MFN; mfn++) {
        frame = &host->frames[mfn];
        if (!(frame->flags & FX_F_ALLOCATED))
            continue;
        census->types[FX_T_TYPE(frame->type) % N_TYPES]++;
        census->pinned += !!(frame->type & FX_T_PINNED);
    }
}

static const char *domain_state(const struct fx_domain *d)
{
    return d->dying         ? "dying"
           : d->shutdown    ? "shutdown"
           : d->pause_count ? "paused"
                            : "running";
}

static unsigned int domain_vcpus(const struct fx_host *host,
                                 const struct fx_domain *d)
{
    const struct fx_vcpu *vcpu;
    unsigned int nr = 0;

    for (uint32_t i = 0; (vcpu = fx_vcpu(host, d, i)); i++)
        nr += vcpu->exists;
    return nr;
}

static void print_difference(void *arg, const char *line)
{
    fprintf(arg, "audit: %s\n", line);
}

static int print_audit(struct fx_host *host, FILE *out, uint64_t *differences)
{
    *differences = fx_audit(host, print_difference, out);
    if (*differences == FX_NO_AUDIT)
        return -ENOMEM;
    fprintf(out, "audit: %" PRIu64 " differences\n", *differences);
    return ferror(out) ? -EIO : 0;
}

int fx_status_print(struct fx_host *host, FILE *out, uint64_t *differences)
{
    const struct fx_super *s = host->super;
    struct census census;
    size_t i;

    count_frames(host, &census);
    fprintf(out,
            "frames     %" PRIu64 "\nfree       %" PRIu64
            "\nnodes      %" PRIu32 "\nxen        %s\nlevel      %s"
            "\nshadow     %s\nhypercalls %" PRIu64 "\n",
            s->ram_frames, fx_free_frames_count(host), s->nr_nodes, XEN_VERSION,
            s->level == FX_PATCHED ? "patched" : "stock",
            s->shadow ? "yes" : "no", s->hypercalls);
    if (s->seeded)
        fprintf(out, "seed       %" PRIu64 "\n", s->seed);
    for (i = 0; i < N_TYPES; i++)
        fprintf(out, "type %-12s %" PRIu64 "\n", type_names[i],
                census.types[i]);
    fprintf(out, "pinned            %" PRIu64 "\n", census.pinned);
    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        const struct fx_domain *d = &host->super->domain[i];

        if (!d->exists)
            continue;
        fprintf(out, "domain %u: %s, %" PRIu64 " pages, %u vCPU%s\n", d->id,
                domain_state(d), d->tot_pages, domain_vcpus(host, d),
                domain_vcpus(host, d) == 1 ? "" : "s");
        if (s->seeded && d->id != FX_CONTROL_DOMID)
            fprintf(out,
                    "domain %u: %" PRIu64 " hypercalls, %016" PRIx64
                    ", until %" PRId64 " ns\n",
                    d->id, d->calls, d->calls_hash, d->clock);
    }
    return print_audit(host, out, differences);
}

static json_t *domains_json(const struct fx_host *host)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        const struct fx_domain *d = &host->super->domain[i];

        if (d->exists)
            json_array_append_new(
                list, json_pack("{s:i, s:s, s:i, s:I, s:I, s:i}", "domid",
                                (int)d->id, "state", domain_state(d), "width",
                                d->is_32bit ? 32 : 64, "pages",
                                (json_int_t)d->tot_pages, "max_pages",
                                (json_int_t)d->max_pages, "vcpus",
                                (int)domain_vcpus(host, d)));
    }
    return list;
}

int fx_status_print_json(struct fx_host *host, FILE *out, uint64_t *differences)
{
    const struct fx_super *s = host->super;
    json_t *types, *report;
    struct census census;
    int rc = -EIO;
    size_t i;

    *differences = fx_audit(host, NULL, NULL);
    if (*differences == FX_NO_AUDIT)
        return -ENOMEM;
    types = json_object();
    count_frames(host, &census);
    for (i = 0; i < N_TYPES; i++)
        json_object_set_new(types, type_names[i],
                            json_integer((json_int_t)census.types[i]));
    report = json_pack(
        "{s:I, s:I, s:i, s:s, s:s, s:b, s:I, s:o, s:I, s:o, s:I}", "frames",
        (json_int_t)s->ram_frames, "free_frames",
        (json_int_t)fx_free_frames_count(host), "nodes", (int)s->nr_nodes,
        "xen", XEN_VERSION, "level",
        s->level == FX_PATCHED ? "patched" : "stock", "shadow", (int)s->shadow,
        "hypercalls", (json_int_t)s->hypercalls, "types", types, "pinned",
        (json_int_t)census.pinned, "domains", domains_json(host),
        "audit_differences", (json_int_t)*differences);
    if (!report)
        return -ENOMEM;
    if (!json_dumpf(report, out, JSON_INDENT(2)) && fputc('\n', out) != EOF)
        rc = 0;
    json_decref(report);
    return rc;
}
