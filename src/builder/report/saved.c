/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/saved.h"

#include <inttypes.h>
#include <string.h>
#include <xen/xen.h>

#include "report/domain.h"
#include "report/facts.h"
#include "text.h"

static const char *layer_name(enum saved_layer layer)
{
    static const char *const names[] = {
        [SAVED_LIBXC] = "libxenguest",
        [SAVED_LIBXL] = "libxl",
        [SAVED_XL] = "xl",
    };

    return names[layer];
}

static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* ---- what xl's configuration says ---- */

static void copy(json_t *facts, const char *name, json_t *from,
                 const char *member)
{
    json_t *value = json_object_get(from, member);

    facts_set(facts, name, json_is_string(value) ? json_incref(value) : NULL);
}

static void add_mib(json_t *facts, const char *name, json_t *from,
                    const char *member)
{
    json_t *kib = json_object_get(from, member);

    if (json_is_integer(kib) && json_integer_value(kib) >= 0)
        facts_set(facts, name, json_integer(json_integer_value(kib) >> 10));
}

static void add_config(json_t *facts, const struct saved *saved)
{
    json_t *all, *create, *build;

    if (!saved->config || !saved->config_is_json)
        return;
    /* xl's has a NUL at its end. */
    all = json_loads(saved->config, 0, NULL);
    create = json_object_get(all, "c_info");
    build = json_object_get(all, "b_info");
    copy(facts, "name", create, "name");
    copy(facts, "uuid", create, "uuid");
    add_mib(facts, "memory_mib", build, "target_memkb");
    add_mib(facts, "maxmem_mib", build, "max_memkb");
    json_decref(all);
}

/* ---- what the stream says ---- */

static json_t *pages_json(const struct saved *saved)
{
    static const char *const names[PAGE_PINNED] = {
        "normal", "l1", "l2", "l3", "l4",
    };
    uint64_t n[PAGE_ABSENT + 1] = {0}, pfn;
    json_t *pages = json_object();
    unsigned int level, pinned = 0;

    for (pfn = 0; pfn < saved->pfns; pfn++)
        n[saved_type(saved, pfn)]++;
    for (level = 0; level <= saved->levels; level++) {
        if (level)
            pinned += (unsigned int)n[level | PAGE_PINNED];
        facts_set(pages, names[level],
                  integer(n[level] + (level ? n[level | PAGE_PINNED] : 0)));
    }
    facts_set(pages, "pinned", integer(pinned));
    facts_set(pages, "empty", integer(n[PAGE_ALLOCATE]));
    facts_set(pages, "broken", integer(n[PAGE_BROKEN]));
    facts_set(pages, "absent", integer(n[PAGE_ABSENT]));
    return pages;
}

static json_t *vcpus_json(const struct saved *saved)
{
    json_t *list = json_array(), *vcpu;
    unsigned int i;

    for (i = 0; i < saved->vcpus; i++) {
        if (saved->vcpu[i].root.v == PFN_INVALID.v)
            continue;
        vcpu = json_object();
        facts_set(vcpu, "vcpu", integer(i));
        facts_set(vcpu, "root_pfn", integer(saved->vcpu[i].root.v));
        if (saved->vcpu[i].user_root.v != PFN_INVALID.v)
            facts_set(vcpu, "user_root_pfn",
                      integer(saved->vcpu[i].user_root.v));
        json_array_append_new(list, vcpu);
    }
    return list;
}

static json_t *assists_json(uint64_t assists)
{
    static const struct {
        unsigned int bit;
        const char *name;
    } known[] = {
        {VMASST_TYPE_4gb_segments, "4gb_segments"},
        {VMASST_TYPE_4gb_segments_notify, "4gb_segments_notify"},
        {VMASST_TYPE_writable_pagetables, "writable_pagetables"},
        {VMASST_TYPE_pae_extended_cr3, "pae_extended_cr3"},
        {VMASST_TYPE_architectural_iopl, "architectural_iopl"},
        {VMASST_TYPE_runstate_update_flag, "runstate_update_flag"},
        {VMASST_TYPE_m2p_strict, "m2p_strict"},
    };
    json_t *list = json_array();
    char word[24];
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (assists & UINT64_C(1) << known[i].bit) {
            assists &= ~(UINT64_C(1) << known[i].bit);
            json_array_append_new(list, json_string(known[i].name));
        }
    if (assists) {
        snprintf(word, sizeof(word), "%#" PRIx64, assists);
        json_array_append_new(list, json_string(word));
    }
    return list;
}

static json_t *tsc_json(const struct tsc_info *tsc)
{
    json_t *facts = json_object();

    facts_set(facts, "mode", integer(tsc->mode));
    facts_set(facts, "khz", integer(tsc->khz));
    facts_set(facts, "nsec", integer(tsc->nsec));
    facts_set(facts, "incarnation", integer(tsc->incarnation));
    return facts;
}

json_t *saved_json(const struct saved *saved, const char *file)
{
    json_t *facts = json_object();
    char shown[DOMAIN_NAME], xen[32];

    text_escape(shown, sizeof(shown), file);
    snprintf(xen, sizeof(xen), "%u.%u", saved->xen_major, saved->xen_minor);
    facts_set(facts, "file", json_string(shown));
    facts_set(facts, "format", json_string(layer_name(saved->layer)));
    facts_set(facts, "version", integer(saved->version));
    facts_set(facts, "xen", json_string(xen));
    add_config(facts, saved);
    facts_set(facts, "width", integer(saved->width * 8));
    facts_set(facts, "pfns", integer(saved->pfns));
    facts_set(facts, "pages", pages_json(saved));
    facts_set(facts, "p2m_pages", integer(saved->p2m_pages));
    facts_set(facts, "vcpus", vcpus_json(saved));
    facts_set(facts, "vm_assists", assists_json(saved->vm_assist));
    facts_set(facts, "tsc", tsc_json(&saved->tsc));
    facts_set(facts, "cpuid_leaves",
              integer(saved->cpuid.length / CPUID_LEAF_BYTES));
    facts_set(facts, "msrs", integer(saved->msrs.length / MSR_BYTES));
    facts_set(facts, "records", integer(saved->records));
    facts_set(facts, "contents", integer(saved->contents));
    facts_set(facts, "bytes", integer(saved->length));
    return facts;
}

/* ---- text ---- */

/* An object on one line, as "normal 4000, l1 12". */
static void print_object(const char *name, json_t *object, FILE *out)
{
    const char *member, *comma = "";
    json_t *value;

    fprintf(out, "%-16s: ", name);
    json_object_foreach(object, member, value)
    {
        fprintf(out, "%s%s %" JSON_INTEGER_FORMAT, comma, member,
                json_integer_value(value));
        comma = ", ";
    }
    fputc('\n', out);
}

static void print_vcpus(json_t *vcpus, FILE *out)
{
    json_t *vcpu, *user;
    char name[24];
    size_t i;

    json_array_foreach(vcpus, i, vcpu)
    {
        snprintf(name, sizeof(name), "vcpu %" JSON_INTEGER_FORMAT,
                 json_integer_value(json_object_get(vcpu, "vcpu")));
        fprintf(
            out, "%-16s: root at PFN %#" PRIx64, name,
            (uint64_t)json_integer_value(json_object_get(vcpu, "root_pfn")));
        user = json_object_get(vcpu, "user_root_pfn");
        if (user)
            fprintf(out, ", its processes' at %#" PRIx64,
                    (uint64_t)json_integer_value(user));
        fputc('\n', out);
    }
}

void saved_print(json_t *facts, FILE *out)
{
    const char *name;
    json_t *value, *one;

    json_object_foreach(facts, name, value)
    {
        if (json_is_object(value)) {
            print_object(name, value, out);
        } else if (!strcmp(name, "vcpus")) {
            print_vcpus(value, out);
        } else {
            one = json_object();
            json_object_set(one, name, value);
            facts_print(one, out);
            json_decref(one);
        }
    }
}

static const char *type_name(unsigned int type, char name[16])
{
    switch (type) {
    case PAGE_NORMAL:
        return "normal";
    case PAGE_BROKEN:
        return "broken";
    case PAGE_ALLOCATE:
        return "empty";
    case PAGE_ABSENT:
        return "absent";
    default:
        snprintf(name, 16, "L%u%s", saved_level(type),
                 type & PAGE_PINNED ? ", pinned" : "");
        return name;
    }
}

json_t *saved_run_json(const struct compare_run *run)
{
    char a[16], b[16];

    return json_pack("{sI sI ss ss}", "first_pfn", (json_int_t)run->first,
                     "last_pfn", (json_int_t)run->end - 1, "type",
                     type_name(run->type[0], a), "other_type",
                     type_name(run->type[1], b));
}

void saved_run_print(const struct compare_run *run, FILE *out)
{
    char a[16], b[16];

    fprintf(out, "PFN %#" PRIx64, run->first);
    if (run->end - run->first > 1)
        fprintf(out, " to %#" PRIx64, run->end - 1);
    if (run->type[0] == run->type[1])
        fprintf(out, ": other contents (%s)\n", type_name(run->type[0], a));
    else
        fprintf(out, ": %s; %s\n", type_name(run->type[0], a),
                type_name(run->type[1], b));
}
