/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt/reader.h"

#include <stdlib.h>
#include <string.h>

#include "libvirt/cpu_flags.h"

/* xl has as many virtual nodes as there are vCPUs; libxl's limit is memory. */
#define MAX_CELLS 64

/* The distance to oneself and to others where none is said (ACPI, SLIT). */
#define NEAR 10
#define FAR  20

static void look(struct reader *rd, xmlNodePtr node)
{
    (void)rd;
    (void)node;
}

static const struct element siblings[] = {
    {"sibling", look, " id value ", true},
    {NULL, NULL, NULL, false},
};

static void read_distances(struct reader *rd, xmlNodePtr node)
{
    read_children(rd, node, siblings);
}

static const struct element cell[] = {
    {"distances", read_distances, " ", false},
    {NULL, NULL, NULL, false},
};

static uint64_t number_of(struct reader *rd, xmlNodePtr node, const char *name,
                          uint64_t missing)
{
    char *text = attribute(rd, node, name);
    uint64_t n = missing;

    if (text && !read_number(rd, node, text, &n))
        n = missing;
    free(text);
    return n;
}

/* From the cell `from` to each of `nr`, in their order. */
static void put_distances(struct reader *rd, FILE *to, xmlNodePtr node,
                          uint64_t from, unsigned int nr)
{
    xmlNodePtr distances = child_of(node, "distances");
    xmlNodePtr n = distances ? distances->children : NULL;
    uint64_t far[MAX_CELLS];

    for (unsigned int i = 0; i < nr; i++)
        far[i] = i == from ? NEAR : FAR;
    for (; n; n = n->next) {
        uint64_t id;

        if (n->type != XML_ELEMENT_NODE)
            continue;
        id = number_of(rd, n, "id", MAX_CELLS);
        if (id >= nr)
            fault(rd, n, "there is no cell of that id");
        else
            far[id] = number_of(rd, n, "value", FAR);
    }
    fputs("\"vdistances=", to);
    for (unsigned int i = 0; i < nr; i++)
        fprintf(to, "%s%llu", i ? "," : "", (unsigned long long)far[i]);
    fputc('"', to);
}

static void put_cell(struct reader *rd, FILE *to, xmlNodePtr node, uint64_t id,
                     unsigned int nr)
{
    char *memory = attribute(rd, node, "memory");
    char *unit = attribute(rd, node, "unit");
    char *cpus = attribute(rd, node, "cpus");
    uint64_t mib = 0;

    if (!memory)
        fault(rd, node, "its memory is missing");
    else if (!read_mib(rd, node, memory, unit, &mib))
        mib = 0;
    /* Cells are the host's nodes of the same numbers, as libvirt has them. */
    fprintf(to, "[ \"pnode=%llu\", \"size=%llu\", ", (unsigned long long)id,
            (unsigned long long)mib);
    if (cpus && cpus[strspn(cpus, "0123456789,-")])
        fault(rd, node, "its cpus are no list like 0-3,5");
    else if (cpus)
        fprintf(to, "\"vcpus=%s\", ", cpus);
    put_distances(rd, to, node, id, nr);
    fputs(" ]", to);
    free(memory);
    free(unit);
    free(cpus);
}

static void read_cell(struct reader *rd, xmlNodePtr node)
{
    unsigned int nr = 0, place = 0;
    struct buffer b;
    char *text;

    read_children(rd, node, cell);
    for (xmlNodePtr n = node->parent->children; n; n = n->next) {
        place = n == node ? nr : place;
        nr += n->type == XML_ELEMENT_NODE;
    }
    if (number_of(rd, node, "id", place) != place) {
        fault(rd, node, "cells are numbered from 0 up");
        return;
    }
    if (!buffer_begin(rd, &b))
        return;
    put_cell(rd, b.to, node, place, nr);
    text = buffer_end(rd, &b);
    if (text)
        add_raw_item(rd, node, LIST_VNUMA, text);
    free(text);
}

static const struct element cells[] = {
    {"cell", read_cell, " id cpus memory unit ", true},
    {NULL, NULL, NULL, false},
};

static void read_numa(struct reader *rd, xmlNodePtr node)
{
    unsigned int nr = 0;

    for (xmlNodePtr n = node->children; n && nr <= MAX_CELLS; n = n->next)
        nr += n->type == XML_ELEMENT_NODE;
    if (nr > MAX_CELLS)
        fault(rd, node, "domwright knows %d cells at most", MAX_CELLS);
    else
        read_children(rd, node, cells);
}

static const struct element cpu[] = {
    {"numa", read_numa, " ", false},
    {"feature", look, " policy name ", true},
    {NULL, NULL, NULL, false},
};

/* A word of libxl's own, as in "host,tm=0". */
static void put_feature(struct reader *rd, FILE *to, xmlNodePtr node)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    char *name = attribute(rd, node, "name");
    const char *xl = name;
    const char *value = "1";

    if (attribute_is(rd, node, "policy", "optional"))
        value = "x";
    else if (attribute_is(rd, node, "policy", "disable") ||
             attribute_is(rd, node, "policy", "forbid"))
        value = "0";
    for (unsigned int i = 0; name && i < n_cpu_flags; i++)
        if (!strcmp(cpu_flags[i].libvirt, name))
            xl = cpu_flags[i].xl;
    if (!name || !*name || name[strspn(name, letters)])
        fault(rd, node, "it needs the name of a feature");
    /* As libvirt: a PV guest has none of them in any case. */
    else if (strcmp(name, "vmx") != 0 && strcmp(name, "svm") != 0)
        fprintf(to, ",%s=%s", xl, value);
    free(name);
}

/* What is said of single features, libvirt takes for a PV guest's. */
static void put_features(struct reader *rd, xmlNodePtr cpu_node)
{
    struct buffer b;
    char *text;

    if (!child_of(cpu_node, "feature") || !buffer_begin(rd, &b))
        return;
    fputs("host", b.to);
    for (xmlNodePtr n = cpu_node->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE ||
            strcmp((const char *)n->name, "feature") != 0)
            continue;
        (void)!attribute_among(rd, n, "policy",
                               " force require optional disable forbid ");
        put_feature(rd, b.to, n);
    }
    text = buffer_end(rd, &b);
    if (text && strcmp(text, "host") != 0)
        set_string(rd, cpu_node, "cpuid", text);
    free(text);
}

/* A PV guest has the host's CPU. */
void read_cpu(struct reader *rd, xmlNodePtr node)
{
    (void)!attribute_among(rd, node, "mode", " host-passthrough ");
    if (child_of(node, "feature"))
        (void)!attribute_needed(rd, node, "mode", " host-passthrough ");
    read_children(rd, node, cpu);
    put_features(rd, node);
}
