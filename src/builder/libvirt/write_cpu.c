/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt/cpu_flags.h"
#include "libvirt/writer.h"

/* ---- vCPUs and where they run ---- */

/* libvirt takes no CPU from there on (VIR_DOMAIN_CPUMASK_LEN). */
#define HOST_CPUS 1024

/*
 * "0,2-3" as it is; of "all,^1", what is left of all CPUs that libvirt knows.
 * NULL: all of them, or no memory.
 */
static char *cpuset(struct writer *w, const char *cpus)
{
    unsigned long next = 0, first, last;
    char *set = NULL, *end;
    size_t len;
    FILE *to;

    if (strncmp(cpus, "all", 3) != 0)
        return strdup(cpus);
    if (!cpus[3])
        return NULL;
    to = open_memstream(&set, &len);
    if (!to) {
        w->no_memory = true;
        return NULL;
    }
    for (cpus += 3; next < HOST_CPUS; next = last + 1) {
        first = last = HOST_CPUS;
        if (*cpus) {
            first = last = strtoul(cpus + strlen(",^"), &end, 10);
            if (*end == '-')
                last = strtoul(end + 1, &end, 10);
            cpus = end;
        }
        if (first > HOST_CPUS)
            first = HOST_CPUS;
        if (first > next)
            fprintf(to, "%s%lu-%lu", ftell(to) > 0 ? "," : "", next, first - 1);
    }
    if (fclose(to))
        w->no_memory = true;
    return set;
}

/* Has it a CPU that libvirt does not know? */
static bool is_too_high(const char *set)
{
    unsigned long n;
    char *end;

    for (; *set; set = end + (*end != '\0')) {
        n = strtoul(set, &end, 10);
        if (n >= HOST_CPUS || end == set)
            return true;
    }
    return false;
}

static void add_cpuset(struct writer *w, xmlNodePtr node, const char *cpus)
{
    char *set;

    if (!strncmp(cpus, "node", 4) || strchr(cpus, ':')) {
        note_refused(w, "libvirt has no way to say CPUs by their node");
        return;
    }
    set = cpuset(w, cpus);
    if (set && is_too_high(set))
        note_refused(w, "libvirt takes no CPU above %d", HOST_CPUS - 1);
    else if (set)
        add_attribute(w, node, "cpuset", set);
    free(set);
}

static void write_pins(struct writer *w, xmlNodePtr tune,
                       const struct setting *cpus, unsigned long most)
{
    for (unsigned int i = 0; i < cpus->n && i < most; i++) {
        const char *text = cpus->item[i].text;
        xmlNodePtr pin;

        if (!text || !strcmp(text, "all"))
            continue;
        pin = add_element(w, tune, "vcpupin", NULL);
        add_formatted(w, pin, "vcpu", "%u", i);
        add_cpuset(w, pin, text);
    }
}

/* Does any vCPU of the list have CPUs of its own? */
static bool has_pins(const struct setting *cpus)
{
    for (unsigned int i = 0; cpus && i < cpus->n; i++)
        if (cpus->item[i].text && strcmp(cpus->item[i].text, "all") != 0)
            return true;
    return false;
}

static void write_tune(struct writer *w, const struct setting *cpus,
                       unsigned long most)
{
    const struct setting *weight = take(w, "cpu_weight");
    xmlNodePtr tune;

    if (!weight && !has_pins(cpus))
        return;
    tune = add_element(w, w->domain, "cputune", NULL);
    if (weight) {
        add_element(w, tune, "shares", weight->text);
        note(w, "libvirt drops it");
    }
    w->now = cpus;
    if (has_pins(cpus))
        write_pins(w, tune, cpus, most);
}

void write_vcpus(struct writer *w)
{
    const struct setting *now = take(w, "vcpus"), *max = take(w, "maxvcpus");
    const struct setting *cpus = take(w, "cpus");
    unsigned long online = 0, most = 0;
    char text[24];
    xmlNodePtr vcpu;

    if (now)
        (void)number_of(now->text, &online);
    if (max)
        (void)number_of(max->text, &most);
    snprintf(text, sizeof(text), "%lu", most);
    vcpu = add_element(w, w->domain, "vcpu", text);
    add_attribute(w, vcpu, "placement", "static");
    w->now = cpus;
    if (cpus && cpus->text)
        add_cpuset(w, vcpu, cpus->text);
    if (online < most)
        add_formatted(w, vcpu, "current", "%lu", online);
    write_tune(w, cpus && !cpus->text ? cpus : NULL, most);
}

/* ---- <cpu> ---- */

static void write_feature(struct writer *w, xmlNodePtr cpu, const char *name,
                          const char *value)
{
    const char *policy = !strcmp(value, "1")   ? "force"
                         : !strcmp(value, "0") ? "disable"
                         : !strcmp(value, "x") ? "optional"
                                               : NULL;
    xmlNodePtr feature;

    if (!policy || !*name) {
        note_refused(w, "libvirt has no way to say \"%.60s=%.60s\"", name,
                     value);
        return;
    }
    for (unsigned int i = 0; i < n_cpu_flags; i++)
        if (!strcmp(cpu_flags[i].xl, name)) {
            name = cpu_flags[i].libvirt;
            break;
        }
    feature = add_element(w, cpu, "feature", NULL);
    add_attribute(w, feature, "policy", policy);
    add_attribute(w, feature, "name", name);
}

/* "host,tm=0,sse3=1" */
static void write_cpuid(struct writer *w, xmlNodePtr cpu, const char *cpuid)
{
    char *copy = strdup(cpuid), *rest = copy, *word, *value;

    if (!copy) {
        w->no_memory = true;
        return;
    }
    word = strsep(&rest, ",");
    if (strcmp(word, "host") != 0)
        note_refused(w, "libvirt knows only what begins with \"host\"");
    while ((word = strsep(&rest, ","))) {
        if (!*word)
            continue;
        value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        write_feature(w, cpu, word, value ? value : "");
    }
    free(copy);
}

static void write_distances(struct writer *w, xmlNodePtr cell,
                            const char *distances, unsigned int cells)
{
    xmlNodePtr node = add_element(w, cell, "distances", NULL), sibling;
    unsigned int id = 0;
    char *end;

    for (const char *p = distances; *p && id <= cells; p = end, id++) {
        unsigned long value = strtoul(p, &end, 0);

        if (end == p || (*end && *end != ',') || value > 255) {
            id = cells + 1;
            break;
        }
        end += *end == ',';
        sibling = add_element(w, node, "sibling", NULL);
        add_formatted(w, sibling, "id", "%u", id);
        add_formatted(w, sibling, "value", "%lu", value);
    }
    if (id != cells)
        note_refused(w, "vdistances=%.60s is not a number for each of %u",
                     distances, cells);
}

static void write_cell(struct writer *w, xmlNodePtr numa, unsigned int id)
{
    const struct setting *node = &w->now->item[id];
    const char *cpus = setting_text(node, "vcpus");
    const char *distances = setting_text(node, "vdistances");
    unsigned long size, pnode;
    xmlNodePtr cell = add_element(w, numa, "cell", NULL);

    add_formatted(w, cell, "id", "%u", id);
    if (cpus && *cpus && !cpus[strspn(cpus, "0123456789,-")])
        add_attribute(w, cell, "cpus", cpus);
    else
        note_refused(w, "node %u: its vcpus are no list like 0-3,5", id);
    if (number_of(setting_text(node, "size"), &size) && size &&
        size < 1ul << 40)
        add_formatted(w, cell, "memory", "%lu", size << 10);
    else
        note_refused(w, "node %u: its size is no number of MiB", id);
    add_attribute(w, cell, "unit", "KiB");
    /* A cell of libvirt's is the host's node of the same number. */
    if (!number_of(setting_text(node, "pnode"), &pnode) || pnode != id)
        note_refused(w, "node %u: libvirt puts it on the host's node %u", id,
                     id);
    if (distances)
        write_distances(w, cell, distances, w->now->n);
}

void write_cpu(struct writer *w)
{
    const struct setting *cpuid = take(w, "cpuid");
    const struct setting *vnuma = take(w, "vnuma");
    xmlNodePtr cpu, numa;

    if (!cpuid && !vnuma)
        return;
    cpu = add_element(w, w->domain, "cpu", NULL);
    w->now = cpuid;
    if (cpuid)
        add_attribute(w, cpu, "mode", "host-passthrough");
    if (cpuid && !cpuid->text)
        note_refused(
            w, "libvirt knows only the form with names, like \"host,tm=0\"");
    else if (cpuid)
        write_cpuid(w, cpu, cpuid->text);
    w->now = vnuma;
    if (!vnuma)
        return;
    numa = add_element(w, cpu, "numa", NULL);
    for (unsigned int i = 0; i < vnuma->n; i++) {
        if (vnuma->item[i].kind == SETTING_PARTS)
            write_cell(w, numa, i);
        else
            note_refused(w, "node %u is no list", i);
    }
}
