/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/vnuma.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 1 TiB for a node, so that no sum of them is too large to be one. */
#define MAX_MIB (1ul << 20)

#define MAX_DISTANCE 255 /* Linux keeps a byte of it */
#define NEAR         10
#define FAR          20

enum { PNODE, SIZE, VCPUS, VDISTANCES, WORDS };

static const char *const words[WORDS] = {
    [PNODE] = "pnode",
    [SIZE] = "size",
    [VCPUS] = "vcpus",
    [VDISTANCES] = "vdistances",
};

static int refuse(char why[VNUMA_WHY], unsigned int node, const char *what)
{
    snprintf(why, VNUMA_WHY, "node %u: %s", node, what);
    return -EINVAL;
}

struct vnuma *vnuma_new(unsigned int nodes)
{
    struct vnuma *v = calloc(1, sizeof(*v));

    if (v)
        v->n_nodes = nodes;
    return v;
}

static void skip_blanks(const char **text)
{
    while (isspace((unsigned char)**text))
        ++*text;
}

/* A decimal number up to `most`, with blanks around it; *text is moved behind
 * them. */
static bool number(const char **text, unsigned long most, unsigned long *value)
{
    char *end;

    skip_blanks(text);
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *value = strtoul(*text, &end, 10);
    *text = end;
    skip_blanks(text);
    return !errno && *value <= most;
}

static bool lone_number(const char *text, unsigned long most,
                        unsigned long *value)
{
    return number(&text, most, value) && !*text;
}

static const char *add_vcpus(struct vnuma *v, unsigned int node,
                             unsigned long first, unsigned long last)
{
    for (; first <= last; first++) {
        if (v->node_of[first])
            return "a vCPU is named twice";
        v->node_of[first] = (uint8_t)(node + 1);
        if (v->n_vcpus <= first)
            v->n_vcpus = (unsigned int)first + 1;
    }
    return NULL;
}

static const char *set_vcpus(struct vnuma *v, unsigned int node,
                             const char *text)
{
    static const char fault[] = "its vcpus are no list like 0-3,5";
    const char *wrong = NULL;

    do {
        unsigned long first, last;

        if (!number(&text, VNUMA_MAX_VCPUS - 1, &first))
            return fault;
        last = first;
        if (*text == '-') {
            text++;
            if (!number(&text, VNUMA_MAX_VCPUS - 1, &last) || last < first)
                return fault;
        }
        wrong = add_vcpus(v, node, first, last);
        if (!wrong && *text && *text != ',')
            return fault;
    } while (!wrong && *text++);
    return wrong;
}

static const char *set_distances(struct vnuma *v, struct vnuma_node *n,
                                 const char *text)
{
    static const char fault[] = "its vdistances are no list like 10,20, with "
                                "one for each node";

    do {
        unsigned long distance;

        if (n->n_distances == v->n_nodes ||
            !number(&text, MAX_DISTANCE, &distance) || (*text && *text != ','))
            return fault;
        n->distance[n->n_distances++] = (unsigned int)distance;
    } while (*text++);
    return n->n_distances == v->n_nodes ? NULL : fault;
}

static const char *set_word(struct vnuma *v, unsigned int node,
                            unsigned int word, const char *value)
{
    struct vnuma_node *n = &v->node[node];
    unsigned long pnode;

    if (n->seen & 1u << word)
        return "it has a word twice";
    n->seen |= 1u << word;
    switch (word) {
    case PNODE:
        if (!lone_number(value, VNUMA_MAX_PNODES - 1, &pnode))
            return "its pnode is no number of a host's node";
        n->pnode = (uint32_t)pnode;
        return NULL;
    case SIZE:
        if (!lone_number(value, MAX_MIB, &n->mib) || !n->mib)
            return "its size is no number of MiB";
        return NULL;
    case VCPUS:
        return set_vcpus(v, node, value);
    default:
        return set_distances(v, n, value);
    }
}

/* Blanks around "=" do no harm. */
static unsigned int find_word(const char *word, size_t len)
{
    unsigned int i;

    while (len && isspace((unsigned char)word[len - 1]))
        len--;
    for (i = 0; i < WORDS; i++)
        if (strlen(words[i]) == len && !strncmp(word, words[i], len))
            break;
    return i;
}

int vnuma_set(struct vnuma *v, unsigned int node, const char *word,
              char why[VNUMA_WHY])
{
    const char *equals, *wrong;
    unsigned int i = WORDS;

    skip_blanks(&word);
    equals = strchr(word, '=');
    if (equals)
        i = find_word(word, (size_t)(equals - word));
    if (i == WORDS)
        return refuse(why, node,
                      "a word is none of pnode=, size=, vcpus= and "
                      "vdistances=");
    wrong = set_word(v, node, i, equals + 1);
    return wrong ? refuse(why, node, wrong) : 0;
}

static const char *check_node(const struct vnuma *v, unsigned int node)
{
    const struct vnuma_node *n = &v->node[node];

    if (!n->mib)
        return "its size is missing";
    for (unsigned int i = 0; i < v->n_nodes; i++)
        if (n->distance[i] < n->distance[node])
            return "it is nearer to another node than to itself";
    return NULL;
}

static void set_default_distances(const struct vnuma *v, struct vnuma_node *n)
{
    for (unsigned int i = 0; !n->n_distances && i < v->n_nodes; i++)
        n->distance[i] = n == &v->node[i] ? NEAR : FAR;
}

int vnuma_check(struct vnuma *v, char why[VNUMA_WHY])
{
    for (unsigned int i = 0; i < v->n_nodes; i++) {
        const char *wrong;

        set_default_distances(v, &v->node[i]);
        wrong = check_node(v, i);
        if (wrong)
            return refuse(why, i, wrong);
    }
    for (unsigned int i = 0; i < v->n_vcpus; i++)
        if (!v->node_of[i]) {
            snprintf(why, VNUMA_WHY, "vCPU %u is on no node", i);
            return -EINVAL;
        }
    if (!v->n_vcpus) {
        snprintf(why, VNUMA_WHY, "no node has a vCPU");
        return -EINVAL;
    }
    return 0;
}

unsigned long vnuma_mib(const struct vnuma *v)
{
    unsigned long mib = 0;

    for (unsigned int i = 0; i < v->n_nodes; i++)
        mib += v->node[i].mib;
    return mib;
}
