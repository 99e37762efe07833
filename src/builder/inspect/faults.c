/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/faults.h"

void faults_add(struct faults *faults, const struct fault *fault)
{
    uint64_t nr = faults->nr[fault->kind]++;

    if (nr < FAULTS_KEPT)
        faults->kept[fault->kind][nr] = *fault;
}

uint64_t faults_total(const struct faults *faults)
{
    uint64_t total = 0;
    unsigned int kind;

    for (kind = 0; kind < FAULT_KINDS; kind++)
        total += faults->nr[kind];
    return total;
}

unsigned int faults_kept(const struct faults *faults, enum fault_kind kind)
{
    uint64_t nr = faults->nr[kind];

    return nr < FAULTS_KEPT ? (unsigned int)nr : FAULTS_KEPT;
}
