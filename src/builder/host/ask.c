/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int host_ask(struct host *host, struct host_facts *facts)
{
    unsigned long end;
    int version;

    memset(facts, 0, sizeof(*facts));
    version = xc_version(host->xc, XENVER_version, NULL);
    /* libxc calls it the maximum, but it is the first frame behind all RAM. */
    if (version < 0 ||
        xc_version(host->xc, XENVER_extraversion, &facts->extra) < 0 ||
        xc_version(host->xc, XENVER_changeset, &facts->changeset) < 0 ||
        xc_version(host->xc, XENVER_compile_info, &facts->compile) < 0 ||
        xc_version(host->xc, XENVER_capabilities, &facts->caps) < 0 ||
        xc_physinfo(host->xc, &facts->phys) ||
        xc_maximum_ram_page(host->xc, &end))
        return diag_fail_xc(host->dg, "asking Xen about the host");
    facts->major = (unsigned int)version >> 16;
    facts->minor = (unsigned int)version & 0xffff;
    facts->ram_end = MFN(end);
    return 0;
}

int host_memory_map(struct host *host, struct mem_range range[HOST_RANGES],
                    size_t *nr)
{
    struct e820entry *entry = calloc(HOST_RANGES, sizeof(*entry));
    int i, n;

    if (!entry)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    n = xc_get_machine_memory_map(host->xc, entry, HOST_RANGES);
    if (n < 0) {
        n = diag_fail_xc(host->dg, "asking Xen about the machine's memory");
        free(entry);
        return n;
    }
    for (i = 0; i < n; i++) {
        uint64_t end = entry[i].addr + entry[i].size;

        range[i].first = MADDR(entry[i].addr);
        range[i].end = MADDR(end < entry[i].addr ? UINT64_MAX : end);
        range[i].type = entry[i].type;
    }
    free(entry);
    *nr = (size_t)n;
    return 0;
}

unsigned int domain_width(struct host *host, const xc_domaininfo_t *info)
{
    unsigned int bytes;

    if (info->flags & XEN_DOMINF_hvm_guest ||
        xc_domain_get_guest_width(host->xc, info->domain, &bytes))
        return 0;
    return bytes * 8;
}

/* CR3 of a guest: a machine address, its 32-bit form rotated (arch-x86). */
static mfn_t root_32(uint32_t cr3)
{
    return MFN(cr3 >> 12 | (uint64_t)(cr3 & 0xfff) << 20);
}

bool domain_root(struct host *host, uint32_t domid, unsigned int width,
                 struct domain_root *root)
{
    vcpu_guest_context_any_t context;

    if (!width || xc_vcpu_getcontext(host->xc, domid, 0, &context))
        return false;
    if (width == 32) {
        root->mfn = root_32(context.x32.ctrlreg[3]);
        root->extended_cr3 =
            context.x32.vm_assist >> VMASST_TYPE_pae_extended_cr3 & 1;
    } else {
        root->mfn = maddr_to_mfn(MADDR(context.x64.ctrlreg[3]));
        root->extended_cr3 = false;
    }
    root->level = width == 32 ? 3 : 4;
    return true;
}

int domain_vm_assist(struct host *host, uint32_t domid, unsigned int width,
                     uint64_t *assists)
{
    vcpu_guest_context_any_t context;

    if (xc_vcpu_getcontext(host->xc, domid, 0, &context))
        return diag_fail_xc(host->dg, "asking for vCPU 0 of domain %u", domid);
    *assists = width == 32 ? context.x32.vm_assist : context.x64.vm_assist;
    return 0;
}

int vcpu_ask(struct host *host, uint32_t domid, unsigned int id,
             struct vcpu_facts *vcpu)
{
    int cpus = xc_get_max_cpus(host->xc);
    xc_vcpuinfo_t info;

    *vcpu = (struct vcpu_facts){.id = id};
    if (cpus <= 0)
        return diag_fail_xc(host->dg, "asking Xen about the host");
    vcpu->hard = xc_cpumap_alloc(host->xc);
    vcpu->soft = xc_cpumap_alloc(host->xc);
    if (!vcpu->hard || !vcpu->soft)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (xc_vcpu_getinfo(host->xc, domid, id, &info) ||
        xc_vcpu_getaffinity(host->xc, domid, (int)id, vcpu->hard, vcpu->soft,
                            XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT))
        return errno == ESRCH
                   ? -ESRCH
                   : diag_fail_xc(host->dg, "vCPU %u of domain %u", id, domid);
    vcpu->cpus = (unsigned int)cpus;
    vcpu->cpu = info.cpu;
    vcpu->online = info.online;
    vcpu->running = info.running;
    vcpu->blocked = info.blocked;
    vcpu->cpu_time = info.cpu_time;
    return 0;
}

void vcpu_dispose(struct vcpu_facts *vcpu)
{
    free(vcpu->hard);
    free(vcpu->soft);
    vcpu->hard = vcpu->soft = NULL;
}
