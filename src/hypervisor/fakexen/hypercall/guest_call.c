/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_call.c - a hypercall of a guest that runs.
 */
#include "hypercall/guest_call.h"

#include <errno.h>

#include "domain/guest_memory.h"
#include "hypercall/dispatch.h"

long fx_guest_call(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu, unsigned int number, const uint64_t arg[6])
{
    const struct fx_caller caller = fx_guest_caller(host, domain, vcpu);
    fx_hypercall function = fx_hypercall_for(&caller, number);
    uint64_t words[6];

    for (int i = 0; i < 6; i++)
        words[i] = caller.is_32bit ? (uint32_t)arg[i] : arg[i];
    host->super->hypercalls++;
    return function ? function(&caller, words) : -ENOSYS;
}
