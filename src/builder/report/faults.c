/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/faults.h"

#include <inttypes.h>
#include <string.h>

#include "report/domain.h"
#include "text.h"

/* Of a fault's members, those that its kind has. */
enum has {
    HAS_TABLE = 1u << 0,
    HAS_ENTRY = 1u << 1,
    HAS_TARGET = 1u << 2,
    HAS_PFNS = 1u << 3,
    HAS_WHAT = 1u << 4,
    HAS_FRAME = 1u << 5,
};

static const struct {
    const char *name, *says;
    unsigned int has;
} kinds[FAULT_KINDS] = {
    [FAULT_WRITABLE_TABLE] = {"writable-table", "maps a page table writable",
                              HAS_TABLE | HAS_ENTRY | HAS_TARGET},
    [FAULT_SUPERPAGE] = {"superpage", "maps a superpage",
                         HAS_TABLE | HAS_ENTRY | HAS_TARGET},
    [FAULT_LINEAR_TABLE] = {"linear-table",
                            "leads to a table of the same level",
                            HAS_TABLE | HAS_ENTRY | HAS_TARGET},
    [FAULT_TABLE_TYPE] = {"table-type", "leads to no table of the level below",
                          HAS_TABLE | HAS_ENTRY | HAS_TARGET},
    [FAULT_FOREIGN_FRAME] = {"foreign-frame",
                             "has a frame that is not the domain's",
                             HAS_TABLE | HAS_ENTRY | HAS_TARGET},
    [FAULT_ABSENT_ADDRESS] = {"absent-address",
                              "is not present but has an address",
                              HAS_TABLE | HAS_ENTRY},
    [FAULT_L3_SLOT] = {"l3-slot", "is to be empty", HAS_TABLE | HAS_ENTRY},
    [FAULT_L3_ABOVE_4G] = {"l3-above-4g",
                           "lies above 4 GiB without pae_extended_cr3",
                           HAS_TABLE},
    [FAULT_UNPINNED_ROOT] = {"unpinned-root",
                             "is loaded by a vCPU and not pinned", HAS_TABLE},
    [FAULT_PIN_BELOW_ROOT] = {"pin-below-root", "is pinned and no root",
                              HAS_TABLE},
    [FAULT_P2M_M2P] = {"p2m-m2p", "", HAS_FRAME | HAS_PFNS},
    [FAULT_SPECIAL_PAGE] = {"special-page", "is no data page of the domain's",
                            HAS_WHAT | HAS_FRAME},
};

static void print_table(const struct fault *fault, unsigned int has, FILE *out)
{
    fprintf(out, "L%u table %#" PRIx64, fault->level, fault->table.v);
    if (has & HAS_ENTRY)
        fprintf(out, ", entry %u", fault->slot);
}

/* Which of P2M and M2P has what; either may have nothing. */
static void print_pfns(const struct fault *fault, FILE *out)
{
    fprintf(out, "frame %#" PRIx64, fault->table.v);
    if (pfn_valid(fault->pfn))
        fprintf(out, " is at PFN %#" PRIx64 " in the P2M", fault->pfn.v);
    else
        fputs(" is not in the P2M", out);
    if (pfn_valid(fault->other_pfn))
        fprintf(out, ", and at %#" PRIx64 " in the M2P", fault->other_pfn.v);
    else
        fputs(pfn_valid(fault->pfn) ? ", and not the domain's"
                                    : ", and at none in the M2P",
              out);
}

static void print_fault(const struct fault *fault, FILE *out)
{
    unsigned int has = kinds[fault->kind].has;

    if (has & HAS_TABLE)
        print_table(fault, has, out);
    if (has & HAS_WHAT)
        fprintf(out, "%s page, frame %#" PRIx64, fault->what, fault->table.v);
    if (has & HAS_PFNS)
        print_pfns(fault, out);
    else
        fprintf(out, " %s", kinds[fault->kind].says);
    if (has & HAS_TARGET)
        fprintf(out, ": frame %#" PRIx64, fault->target.v);
    if (has & HAS_TARGET && fault->target_level)
        fprintf(out, ", L%u", fault->target_level);
    if (has & HAS_ENTRY)
        fprintf(out, " (%#" PRIx64 ")", fault->entry);
    fputc('\n', out);
}

void faults_print(const struct faults *faults, const char *domain, FILE *out)
{
    unsigned int i, kept, kind;
    char shown[DOMAIN_NAME];

    text_escape(shown, sizeof(shown), domain);
    for (kind = 0; kind < FAULT_KINDS; kind++) {
        kept = faults_kept(faults, kind);
        for (i = 0; i < kept; i++) {
            fprintf(out, "%s: %s: ", shown, kinds[kind].name);
            print_fault(&faults->kept[kind][i], out);
        }
        if (faults->nr[kind] > kept)
            fprintf(out, "%s: %s: and %" PRIu64 " more\n", shown,
                    kinds[kind].name, faults->nr[kind] - kept);
    }
    if (!faults_total(faults))
        fprintf(out, "%s: 0 findings\n", shown);
}

static void set(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *fault_json(const struct fault *fault)
{
    unsigned int has = kinds[fault->kind].has;
    json_t *object = json_pack("{ss}", "kind", kinds[fault->kind].name);
    char raw[20];

    if (object && has & HAS_TABLE) {
        set(object, "level", fault->level);
        set(object, "table_mfn", fault->table.v);
    }
    if (object && has & HAS_ENTRY) {
        snprintf(raw, sizeof(raw), "%#" PRIx64, fault->entry);
        set(object, "entry", fault->slot);
        json_object_set_new(object, "value", json_string(raw));
    }
    if (object && has & HAS_TARGET)
        set(object, "mfn", fault->target.v);
    if (object && has & HAS_FRAME)
        set(object, "mfn", fault->table.v);
    if (object && has & HAS_PFNS && pfn_valid(fault->pfn))
        set(object, "p2m_pfn", fault->pfn.v);
    if (object && has & HAS_PFNS && pfn_valid(fault->other_pfn))
        set(object, "m2p_pfn", fault->other_pfn.v);
    if (object && has & HAS_WHAT)
        json_object_set_new(object, "page", json_string(fault->what));
    return object;
}

/* NULL: none was compared. */
static const char *p2m_name(enum p2m_source source)
{
    static const char *const names[] = {
        [P2M_LIST] = "list",
        [P2M_TREE] = "tree",
        [P2M_START_INFO] = "start_info",
    };

    return names[source];
}

json_t *faults_json(const struct faults *faults, enum p2m_source p2m,
                    uint32_t domid, const char *name)
{
    json_t *counts = json_object(), *list = json_array();
    unsigned int i, kept, kind;

    for (kind = 0; kind < FAULT_KINDS; kind++) {
        kept = faults_kept(faults, kind);
        for (i = 0; i < kept; i++)
            json_array_append_new(list, fault_json(&faults->kept[kind][i]));
        if (kept)
            set(counts, kinds[kind].name, faults->nr[kind]);
    }
    return json_pack(
        "{so* so ss? sI so so}", "name", domain_name_json(name), "id",
        domid == FAULTS_NO_DOMAIN ? json_null() : json_integer(domid), "p2m",
        p2m_name(p2m), "findings", (json_int_t)faults_total(faults), "kinds",
        counts, "list", list);
}
