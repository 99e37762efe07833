/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What else a toolstack asks for: versions, event channels, grants, policies,
 * log-dirty, hypercall pages. The host's own figures are not printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conformance.h"

#include <xen/physdev.h>

#define NO_DOMAIN 0x7eee

static void version(struct test *t)
{
    xen_capabilities_info_t caps = "";

    report(t, failed(xc_version(t->xch, XENVER_version, NULL)), "version");
    report(t, failed(xc_version(t->xch, XENVER_capabilities, caps)),
           "capabilities");
    say(t, "  64-bit PV: %s, 32-bit PV: %s",
        strstr(caps, "xen-3.0-x86_64") ? "yes" : "no",
        strstr(caps, "xen-3.0-x86_32p") ? "yes" : "no");
    report(t, failed(xc_version(t->xch, XENVER_pagesize, NULL)), "pagesize");
    report(t, failed(xencall2(t->call, __HYPERVISOR_xen_version, 99, 0)),
           "no such version");
}

static void event_channels(struct test *t)
{
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    for (unsigned int i = 0; i < 3; i++)
        report(t, failed(xc_evtchn_alloc_unbound(t->xch, domid, 0)),
               "alloc_unbound");
    report(t, failed(xc_evtchn_alloc_unbound(t->xch, domid, NO_DOMAIN)),
           "alloc_unbound for no domain");
    report(t, failed(xc_evtchn_alloc_unbound(t->xch, NO_DOMAIN, 0)),
           "alloc_unbound of no domain");
    report(t, failed(xc_evtchn_reset(t->xch, domid)), "reset");
    report(t, failed(xc_evtchn_alloc_unbound(t->xch, domid, 0)),
           "alloc_unbound");
    for (unsigned int i = 0; i < 1030; i++) {
        long r = failed(xc_evtchn_alloc_unbound(t->xch, domid, 0));

        if (r > 0)
            continue;
        report(t, r, "alloc_unbound after %u more", i);
        break;
    }
    (void)xc_domain_destroy(t->xch, domid);
}

static void show_port(struct test *t, uint32_t domid, uint32_t port)
{
    xc_evtchn_status_t status = {.dom = (domid_t)domid, .port = port};

    report(t, failed(xc_evtchn_status(t->xch, &status)), "status of port %u",
           port);
    say(t, "  %u", status.status);
    if (status.status == EVTCHNSTAT_unbound)
        say(t, "  for domain 0: %s", status.u.unbound.dom ? "no" : "yes");
}

/* One of the hypercalls that take a command and a structure. */
static long command(struct test *t, unsigned int hypercall, unsigned int cmd,
                    const void *arg, size_t size)
{
    void *buffer = xencall_alloc_buffer(t->call, size);
    long r;

    if (!buffer)
        abort();
    memcpy(buffer, arg, size);
    r = failed(xencall2(t->call, hypercall, cmd, (uintptr_t)buffer));
    xencall_free_buffer(t->call, buffer);
    return r;
}

static long port_op(struct test *t, unsigned int cmd, const void *arg,
                    size_t size)
{
    return command(t, __HYPERVISOR_event_channel_op, cmd, arg, size);
}

/* The caller's own ports are its kernel's: only what is refused is tried. */
static void refused_ports(struct test *t, uint32_t domid)
{
    static const uint32_t none[] = {1024, 1u << 17, UINT32_MAX};
    struct evtchn_bind_interdomain bind = {.remote_dom = NO_DOMAIN,
                                           .remote_port = 1};

    report(t, port_op(t, EVTCHNOP_bind_interdomain, &bind, sizeof(bind)),
           "bind to no domain's");
    for (bind.remote_port = 2; bind.remote_port < 5; bind.remote_port++) {
        bind.remote_dom = (domid_t)domid;
        report(t, port_op(t, EVTCHNOP_bind_interdomain, &bind, sizeof(bind)),
               "bind to port %u", bind.remote_port);
    }
    for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        report(t, port_op(t, EVTCHNOP_send, &none[i], sizeof(none[i])),
               "send to port %u", none[i]);
        report(t, port_op(t, EVTCHNOP_close, &none[i], sizeof(none[i])),
               "close port %u", none[i]);
    }
}

/* Xen comes to know more of them as more are taken. */
static void ports(struct test *t)
{
    static const uint32_t some[] = {
        0, 1, 2, 3, 4, 63, 64, 127, 128, 1023, 1024, 1u << 17, UINT32_MAX};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    (void)xc_evtchn_alloc_unbound(t->xch, domid, 0);
    (void)xc_evtchn_alloc_unbound(t->xch, domid, domid);
    for (unsigned int i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        show_port(t, domid, some[i]);
    show_port(t, NO_DOMAIN, 1);
    refused_ports(t, domid);
    for (unsigned int i = 0; i < 62; i++)
        (void)xc_evtchn_alloc_unbound(t->xch, domid, 0);
    for (unsigned int i = 5; i < 9; i++)
        show_port(t, domid, some[i]);
    report(t, failed(xc_evtchn_reset(t->xch, NO_DOMAIN)), "reset no domain's");
    report(t, failed(xc_domain_unpause(t->xch, domid)), "unpause");
    report(t, failed(xc_evtchn_reset(t->xch, domid)), "reset");
    show_port(t, domid, 1);
    show_port(t, domid, 64);
    show_port(t, domid, 128);
    (void)xc_domain_destroy(t->xch, domid);
}

static void setup_table(struct test *t, uint32_t domid, uint32_t frames)
{
    struct {
        struct gnttab_setup_table op;
        xen_pfn_t list[8];
    } *asked = xencall_alloc_buffer(t->call, sizeof(*asked));
    unsigned int told = 0;

    if (!asked)
        abort();
    memset(asked, 0, sizeof(*asked));
    asked->op.dom = (domid_t)domid;
    asked->op.nr_frames = frames;
    set_xen_guest_handle_raw(asked->op.frame_list, asked->list);
    report(t,
           failed(xencall3(t->call, __HYPERVISOR_grant_table_op,
                           GNTTABOP_setup_table, (uintptr_t)&asked->op, 1)),
           "setup_table with %u frames", frames);
    for (unsigned int i = 0; i < 8; i++)
        told += asked->list[i] != 0;
    say(t, "  status %d, %u frames told", asked->op.status, told);
    xencall_free_buffer(t->call, asked);
}

static void resource(struct test *t, uint32_t domid, unsigned int type,
                     unsigned int id, unsigned long frame, unsigned long nr,
                     const char *what)
{
    xenforeignmemory_resource_handle *handle;
    void *address = NULL;

    handle =
        xenforeignmemory_map_resource(t->fmem, (domid_t)domid, type, id, frame,
                                      nr, &address, PROT_READ | PROT_WRITE, 0);
    report(t, handle ? 0 : failed(-1), "map_resource, %s", what);
    if (!handle)
        return;
    if (address && type == XENMEM_resource_grant_table &&
        id == XENMEM_resource_grant_table_id_shared) {
        say(t, "  the first grant's flags: %x", *(uint16_t *)address);
        *(uint32_t *)address = 0;
    }
    xenforeignmemory_unmap_resource(t->fmem, handle);
}

static void grants(struct test *t)
{
    struct gnttab_query_size size = {0};
    size_t bytes = 0;
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    resource(t, domid, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 0, 1, "the first frame");
    resource(t, domid, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 3, 1, "the last frame");
    resource(t, domid, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 4, 1, "the next frame");
    resource(t, domid, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 0, 4, "all frames");
    resource(t, domid, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 0, 5, "too many");
    resource(t, domid, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 0, 0, "none");
    resource(t, domid, XENMEM_resource_grant_table, 7, 0, 1, "no such ID");
    resource(t, domid, 77, 0, 0, 1, "no such type");
    resource(t, NO_DOMAIN, XENMEM_resource_grant_table,
             XENMEM_resource_grant_table_id_shared, 0, 1, "no domain");
    report(t,
           failed(xenforeignmemory_resource_size(
               t->fmem, (domid_t)domid, XENMEM_resource_grant_table,
               XENMEM_resource_grant_table_id_shared, &bytes)),
           "resource_size");
    say(t, "  %zu bytes", bytes);
    report(t, failed(xc_gnttab_get_version(t->xch, domid)), "get_version");
    report(t, failed(xc_gnttab_get_version(t->xch, NO_DOMAIN)),
           "get_version of no domain");
    for (unsigned int frames = 0; frames < 6; frames++)
        setup_table(t, domid, frames);
    setup_table(t, NO_DOMAIN, 1);
    for (unsigned int count = 0; count < 3; count += 2)
        report(t,
               failed(xencall3(t->call, __HYPERVISOR_grant_table_op,
                               GNTTABOP_setup_table, 0, count)),
               "setup_table, %u of them", count);
    size.dom = (domid_t)domid;
    report(t, failed(xc_gnttab_query_size(t->xch, &size)), "query_size");
    say(t, "  %u frames of %u, status %d", size.nr_frames, size.max_nr_frames,
        size.status);
    size.dom = NO_DOMAIN;
    report(t, failed(xc_gnttab_query_size(t->xch, &size)),
           "query_size of no domain");
    say(t, "  status %d", size.status);
    (void)xc_domain_destroy(t->xch, domid);
}

static long shadow_op(struct test *t, uint32_t domid, uint32_t what,
                      void *bitmap, uint64_t *pages)
{
    struct xen_domctl op = {.u.shadow_op = {.op = what, .pages = *pages}};
    long r;

    set_xen_guest_handle_raw(op.u.shadow_op.dirty_bitmap, bitmap);
    r = domctl(t, &op, XEN_DOMCTL_shadow_op, domid);
    *pages = op.u.shadow_op.pages;
    return r;
}

static void dirty(struct test *t, const struct guest *g, uint32_t what,
                  void *bitmap, uint64_t pages, const char *name)
{
    long r = shadow_op(t, g->domid, what, bitmap, &pages);
    unsigned int bits = 0;

    report(t, r, "%s", name);
    if (bitmap && !r) {
        for (unsigned int i = 0; i < pages; i++)
            bits += ((uint8_t *)bitmap)[i / 8] >> i % 8 & 1;
        say(t, "  %llu pages, %u of them dirty", (unsigned long long)pages,
            bits);
    }
}

/* In a guest of 4 MiB: Xen sets aside a page for each of them, and takes the
 * bitmap's pages from those, so that a smaller one gets ENOMEM. */
static void log_dirty(struct test *t, unsigned int width)
{
    struct guest g, nobody = {.domid = NO_DOMAIN};
    uint8_t *bitmap = xencall_alloc_buffer_pages(t->call, 1);

    if (!bitmap)
        abort();
    guest_new(t, &g, width, MAX_GUEST_FRAMES);
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, bitmap, 16, "clean before on");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_PEEK, bitmap, 16, "peek before on");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_OFF, NULL, 0, "off before on");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL, 0, "log-dirty on");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL, 0, "on twice");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_PEEK, bitmap, 16, "peek");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, bitmap, 16, "clean");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_PEEK, bitmap, 16, "peek");
    report(t, pin(t, &g, 1, 3), "pin a frame");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_PEEK, bitmap, 16, "peek");
    (void)unpin(t, &g, 3);
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, bitmap, 16, "clean");
    (void)poke(t, &g, 5, 0, 1);
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_PEEK, bitmap, 16,
          "peek after a foreign write");
    (void)update(t, &g, 6, 0, 1);
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, bitmap, 16,
          "clean after mmu_update");
    (void)mmu_update(t, g.domid, g.mfn[7] << 12 | MMU_MACHPHYS_UPDATE, 7);
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, bitmap, 16,
          "clean after an update of the M2P");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, bitmap, 5, "clean five pages");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_CLEAN, NULL, 0, "clean none");
    dirty(t, &g, 99, NULL, 0, "no such operation");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_OFF, NULL, 0, "off");
    dirty(t, &g, XEN_DOMCTL_SHADOW_OP_OFF, NULL, 0, "off twice");
    dirty(t, &nobody, XEN_DOMCTL_SHADOW_OP_OFF, NULL, 0, "off, no domain");
    xencall_free_buffer_pages(t->call, bitmap, 1);
    guest_end(t, &g);
}

/* The page's code is the ABI: the stub of hypercall n lies at 32 * n. */
static void hypercall_page(struct test *t, unsigned int width)
{
    struct guest g;
    struct xen_domctl op = {0};
    const uint8_t *page;
    long error;

    guest_new(t, &g, width, 4);
    op.u.hypercall_init.gmfn = g.mfn[1];
    report(t, domctl(t, &op, XEN_DOMCTL_hypercall_init, g.domid),
           "hypercall_init, %u bits", width);
    page = guest_map(t, &g, 1, false, &error);
    if (page) {
        say(t, "  stubs: %08x, iret: %08x",
            crc32_of(0, page, 32 * __HYPERVISOR_iret),
            crc32_of(0, page + 32 * __HYPERVISOR_iret, 32));
        guest_unmap(t, (void *)page);
    }
    op.u.hypercall_init.gmfn = BAD_MFN;
    report(t, domctl(t, &op, XEN_DOMCTL_hypercall_init, g.domid),
           "  a bad frame");
    (void)pin(t, &g, 1, 2);
    op.u.hypercall_init.gmfn = g.mfn[2];
    report(t, domctl(t, &op, XEN_DOMCTL_hypercall_init, g.domid),
           "  a pinned frame");
    report(t, domctl(t, &op, XEN_DOMCTL_hypercall_init, NO_DOMAIN),
           "  no domain");
    guest_end(t, &g);
}

static void tsc(struct test *t)
{
    uint32_t domid, mode = 0, khz = 0, incarnation = 0;
    uint64_t elapsed = 0;

    (void)domain_new(t, &domid, 1);
    report(t,
           failed(xc_domain_get_tsc_info(t->xch, domid, &mode, &elapsed, &khz,
                                         &incarnation)),
           "get_tsc_info");
    say(t, "  mode %u, incarnation %u", mode, incarnation);
    report(t, failed(xc_domain_set_tsc_info(t->xch, domid, 1, 0, 1000000, 3)),
           "set_tsc_info");
    report(t,
           failed(xc_domain_get_tsc_info(t->xch, domid, &mode, &elapsed, &khz,
                                         &incarnation)),
           "get_tsc_info");
    say(t, "  mode %u, %u kHz, incarnation %u", mode, khz, incarnation);
    for (uint32_t m = 0; m < 4; m++) {
        report(t, failed(xc_domain_set_tsc_info(t->xch, domid, m, 0, 0, 0)),
               "set_tsc_info, mode %u", m);
        report(t,
               failed(xc_domain_get_tsc_info(t->xch, domid, &mode, &elapsed,
                                             &khz, &incarnation)),
               "  get_tsc_info");
        say(t, "  mode %u, incarnation %u", mode, incarnation);
    }
    report(t, failed(xc_domain_set_tsc_info(t->xch, domid, 9, 0, 0, 0)),
           "set_tsc_info, no such mode");
    report(t,
           failed(xc_domain_get_tsc_info(t->xch, NO_DOMAIN, &mode, &elapsed,
                                         &khz, &incarnation)),
           "get_tsc_info of no domain");
    (void)xc_domain_destroy(t->xch, domid);
}

/* The extended state comes by the size first, then by the contents. */
static void states(struct test *t, unsigned int width)
{
    struct guest g;
    struct xen_domctl op;
    vcpu_guest_context_any_t context;

    guest_new(t, &g, width, 4);
    make_root(t, &g, 0, 1);
    context_new(&g, &context, 0);
    (void)context_set(t, &g, 0, &context);
    for (unsigned int vcpu = 0; vcpu < 5; vcpu += 1 + 2 * vcpu) {
        memset(&op, 0, sizeof(op));
        op.u.ext_vcpucontext.vcpu = vcpu;
        report(t, domctl(t, &op, XEN_DOMCTL_get_ext_vcpucontext, g.domid),
               "get_ext_vcpucontext, vCPU %u", vcpu);
        say(t, "  %u bytes, syscall32 %llx, MCG_CAP: %s",
            op.u.ext_vcpucontext.size,
            (unsigned long long)op.u.ext_vcpucontext.syscall32_callback_eip,
            op.u.ext_vcpucontext.mcg_cap ? "some" : "none");
        report(t, domctl(t, &op, XEN_DOMCTL_set_ext_vcpucontext, g.domid),
               "  set it");
        memset(&op, 0, sizeof(op));
        op.u.vcpuextstate.vcpu = vcpu;
        report(t, domctl(t, &op, XEN_DOMCTL_getvcpuextstate, g.domid),
               "getvcpuextstate, vCPU %u", vcpu);
        say(t, "  there is a size: %s", op.u.vcpuextstate.size ? "yes" : "no");
        memset(&op, 0, sizeof(op));
        op.u.vcpu_msrs.vcpu = vcpu;
        report(t, domctl(t, &op, XEN_DOMCTL_get_vcpu_msrs, g.domid),
               "get_vcpu_msrs, vCPU %u", vcpu);
        say(t, "  there is a count: %s",
            op.u.vcpu_msrs.msr_count ? "yes" : "no");
    }
    guest_end(t, &g);
}

static void policies(struct test *t)
{
    struct xen_domctl op = {0};
    struct xen_sysctl sysctl = {.cmd = XEN_SYSCTL_get_cpu_policy,
                                .interface_version =
                                    XEN_SYSCTL_INTERFACE_VERSION};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    for (unsigned int i = 0; i < 8; i++) {
        sysctl.u.cpu_policy.index = i;
        report(t, failed(xc_sysctl(t->xch, &sysctl)), "CPU policy %u", i);
        say(t, "  there are leaves: %s, MSRs: %s",
            sysctl.u.cpu_policy.nr_leaves ? "yes" : "no",
            sysctl.u.cpu_policy.nr_msrs ? "yes" : "no");
    }
    sysctl.cmd = 999;
    report(t, failed(xc_sysctl(t->xch, &sysctl)), "no such sysctl");
    report(t, domctl(t, &op, XEN_DOMCTL_get_cpu_policy, domid),
           "get_cpu_policy into no buffer");
    report(t, domctl(t, &op, XEN_DOMCTL_get_cpu_policy, NO_DOMAIN),
           "get_cpu_policy of no domain");
    memset(&op, 0, sizeof(op));
    report(t, domctl(t, &op, XEN_DOMCTL_set_cpu_policy, domid),
           "set_cpu_policy to nothing new");
    (void)xc_domain_destroy(t->xch, domid);
}

/* A multicall in another. */
static void nested(struct test *t)
{
    multicall_entry_t *calls = xencall_alloc_buffer(t->call, sizeof(*calls));

    if (!calls)
        abort();
    memset(calls, 0, sizeof(*calls));
    calls->op = __HYPERVISOR_multicall;
    report(
        t,
        failed(xencall2(t->call, __HYPERVISOR_multicall, (uintptr_t)calls, 1)),
        "a multicall in another");
    report(t, (long)calls->result, "  that");
    report(t, failed(xencall2(t->call, __HYPERVISOR_multicall, 0, 0)),
           "a multicall of none");
    report(t, failed(xencall2(t->call, __HYPERVISOR_multicall, 0, 1)),
           "a multicall of a null pointer");
    xencall_free_buffer(t->call, calls);
}

static long physdev(struct test *t, unsigned int cmd, const void *arg,
                    size_t size)
{
    return command(t, __HYPERVISOR_physdev_op, cmd, arg, size);
}

/* Interrupts of a guest without devices. */
static void interrupts(struct test *t)
{
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    for (unsigned int i = 0; i < 2; i++) {
        domid_t whose = i ? NO_DOMAIN : (domid_t)domid;
        struct physdev_map_pirq map = {.domid = whose, .type = 99};
        struct physdev_unmap_pirq unmap = {.domid = whose, .pirq = 5};

        report(t, physdev(t, PHYSDEVOP_map_pirq, &map, sizeof(map)),
               "map_pirq of no such type%s", i ? ", no domain" : "");
        report(t, physdev(t, PHYSDEVOP_unmap_pirq, &unmap, sizeof(unmap)),
               "unmap_pirq of none%s", i ? ", no domain" : "");
    }
    report(t, failed(xencall2(t->call, __HYPERVISOR_physdev_op, 99, 0)),
           "no such physdev_op");
    (void)xc_domain_destroy(t->xch, domid);
}

/* What is asked in the raw: multicalls, and what is no hypercall. */
static void raw(struct test *t)
{
    multicall_entry_t *calls =
        xencall_alloc_buffer(t->call, 3 * sizeof(*calls));

    if (!calls)
        abort();
    memset(calls, 0, 3 * sizeof(*calls));
    calls[0].op = __HYPERVISOR_xen_version;
    calls[1].op = 200;
    calls[2].op = __HYPERVISOR_xen_version;
    calls[2].args[0] = 99;
    report(
        t,
        failed(xencall2(t->call, __HYPERVISOR_multicall, (uintptr_t)calls, 3)),
        "multicall");
    for (unsigned int i = 0; i < 3; i++)
        report(t, (long)calls[i].result, "  number %u", i);
    xencall_free_buffer(t->call, calls);
    report(t, failed(xencall0(t->call, 200)), "no such hypercall");
    report(t, failed(xencall1(t->call, __HYPERVISOR_domctl, 0)),
           "domctl of a null pointer");
    report(t, failed(xencall2(t->call, __HYPERVISOR_memory_op, 99, 0)),
           "no such memory_op");
    report(t, failed(xencall2(t->call, __HYPERVISOR_event_channel_op, 99, 0)),
           "no such event_channel_op");
    report(t, failed(xencall2(t->call, __HYPERVISOR_sched_op, 99, 0)),
           "no such sched_op");
    report(t, failed(xencall3(t->call, __HYPERVISOR_grant_table_op, 99, 0, 0)),
           "no such grant_table_op");
}

void section_host(struct test *t, unsigned int width)
{
    (void)width;
    version(t);
    event_channels(t);
    ports(t);
    grants(t);
    for (unsigned int bits = 32; bits <= 64; bits += 32) {
        log_dirty(t, bits);
        hypercall_page(t, bits);
        states(t, bits);
    }
    tsc(t);
    policies(t);
    raw(t);
    nested(t);
    interrupts(t);
}
