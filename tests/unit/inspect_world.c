/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>
#include <xenguest.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#define PAGE      4096u
#define M2P_BYTES (2u << 20)
#define DOMID     7

/* Entries as guests have them: present, writable, accessed, the user's. */
#define LEAF     UINT64_C(0x21)
#define WRITABLE UINT64_C(0x02)
#define TABLE    UINT64_C(0x67)
#define XENS     UINT64_C(0xa1) /* a superpage */

struct world world;

static uint64_t leaf(uint64_t mfn, bool writable)
{
    return mfn * PAGE | LEAF | (writable ? WRITABLE : 0);
}

static void make_tables(void)
{
    unsigned int level, pfn;

    for (pfn = 0; pfn < WORLD_PAGES; pfn++) {
        bool table = pfn > PFN_TABLE && pfn <= PFN_TABLE + world.top;

        if (pfn != PFN_SPARE)
            world_table(1)[pfn] = leaf(world_mfn(pfn), !table);
    }
    world_table(1)[SLOT_SHARED_INFO] = leaf(WORLD_SHARED_INFO, true);
    for (level = 1; level <= world.top; level++) {
        world.level[world_mfn(PFN_TABLE + level)] = (uint8_t)level;
        if (level > 1)
            world_table(level)[0] = world_mfn(PFN_TABLE + level - 1) * PAGE |
                                    (level == 3 && world.top == 3 ? 1 : TABLE);
    }
    world.pinned[world_mfn(PFN_TABLE + world.top)] = true;
    /* Xen's own slots. */
    if (world.width == 32)
        world_table(2)[428] = WORLD_COMPAT_M2P * PAGE | XENS;
    else
        world_table(4)[256] = 2048 * PAGE | XENS;
}

static void make_start_info(void)
{
    void *page = world.page[world_mfn(PFN_START_INFO)];

    if (world.width == 32)
        *(start_info_x86_32_t *)page = (start_info_x86_32_t){
            .magic = "xen-3.0-x86_32p",
            .nr_pages = WORLD_PAGES,
            .mfn_list = PFN_P2M * PAGE,
            .store_mfn = (uint32_t)world_mfn(PFN_STORE),
            .console.domU.mfn = (uint32_t)world_mfn(PFN_CONSOLE),
            .pt_base = (PFN_TABLE + 1) * PAGE,
            .nr_pt_frames = world.top,
        };
    else
        *(start_info_x86_64_t *)page = (start_info_x86_64_t){
            .magic = "xen-3.0-x86_64",
            .nr_pages = WORLD_PAGES,
            .mfn_list = PFN_P2M * PAGE,
            .store_mfn = world_mfn(PFN_STORE),
            .console.domU.mfn = world_mfn(PFN_CONSOLE),
            .pt_base = (PFN_TABLE + 1) * PAGE,
            .nr_pt_frames = world.top,
        };
}

void world_set_root(unsigned int id, uint64_t mfn)
{
    world.has_vcpu[id] = true;
    if (world.width == 32)
        world.vcpu[id].x32.ctrlreg[3] =
            (uint32_t)(mfn << 12) | (uint32_t)(mfn >> 20);
    else
        world.vcpu[id].x64.ctrlreg[3] = mfn * PAGE;
}

void world_set_p2m(uint64_t pfn, uint64_t mfn)
{
    void *page = world.page[world_mfn(PFN_P2M)];

    if (world.width == 32)
        ((uint32_t *)page)[pfn] = (uint32_t)mfn;
    else
        ((uint64_t *)page)[pfn] = mfn;
}

static void make_registers(void)
{
    if (world.width == 32) {
        world.vcpu[0].x32.user_regs.eip = PFN_DATA * PAGE + 4;
        world.vcpu[0].x32.user_regs.esp = (PFN_STACK + 1) * PAGE;
    } else {
        world.vcpu[0].x64.user_regs.rip = PFN_DATA * PAGE + 4;
        world.vcpu[0].x64.user_regs.rsp = (PFN_STACK + 1) * PAGE;
    }
}

static void *map_m2p(int prot)
{
    void *m2p = mmap(NULL, M2P_BYTES, prot, MAP_SHARED, world.m2p_fd, 0);

    if (m2p == MAP_FAILED)
        abort();
    return m2p;
}

void world_start(unsigned int width)
{
    unsigned int pfn;

    world =
        (struct world){.width = width, .nodes = 1, .top = width == 32 ? 3 : 4};
    world.page = calloc(WORLD_FRAMES, sizeof(*world.page));
    world.m2p_fd = memfd_create("m2p", 0);
    if (!world.page || world.m2p_fd < 0 || ftruncate(world.m2p_fd, M2P_BYTES))
        abort();
    world.m2p = map_m2p(PROT_READ | PROT_WRITE);
    memset(world.m2p, 0xff, M2P_BYTES);
    for (pfn = 0; pfn < WORLD_PAGES; pfn++) {
        world.owned[world_mfn(pfn)] = true;
        world.m2p[world_mfn(pfn)] = pfn;
        world_set_p2m(pfn, world_mfn(pfn));
    }
    world.info = (xc_domaininfo_t){
        .domain = DOMID,
        .tot_pages = WORLD_PAGES,
        .shared_info_frame = WORLD_SHARED_INFO,
        .max_vcpu_id = WORLD_VCPUS - 1,
    };
    make_tables();
    make_start_info();
    make_registers();
    world_set_root(0, world_mfn(PFN_TABLE + world.top));
}

void world_end(void)
{
    munmap(world.m2p, M2P_BYTES);
    close(world.m2p_fd);
    free(world.page);
}

static void meanwhile(void)
{
    world.calls++;
    if (world.meanwhile)
        world.meanwhile();
}

/* ---- what the libraries have ---- */

int xc_maximum_ram_page(xc_interface *xch, unsigned long *max_mfn)
{
    (void)xch;
    *max_mfn = WORLD_FRAMES;
    return 0;
}

xen_pfn_t *xc_map_m2p(xc_interface *xch, unsigned long max_mfn, int prot,
                      unsigned long *mfn0)
{
    (void)xch;
    (void)max_mfn;
    (void)mfn0;
    return map_m2p(prot);
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    (void)xch;
    info->nr_nodes = world.nodes;
    return 0;
}

long xc_memory_op(xc_interface *xch, unsigned int cmd, void *arg, size_t len)
{
    struct xen_machphys_mfn_list *list = arg;

    (void)xch;
    (void)cmd;
    (void)len;
    list->extent_start.p[0] = WORLD_COMPAT_M2P;
    list->nr_extents = 1;
    return 0;
}

int xc_gnttab_query_size(xc_interface *xch, struct gnttab_query_size *query)
{
    (void)xch;
    query->nr_frames = 2;
    query->status = GNTST_okay;
    return 0;
}

int xc_gnttab_op(xc_interface *xch, int cmd, void *op, int op_size, int count)
{
    struct gnttab_setup_table *setup = op;

    (void)xch;
    if (cmd != GNTTABOP_setup_table || op_size != sizeof(*setup) ||
        count != 1 || setup->nr_frames != 2)
        abort(); /* a larger one would be made */
    setup->frame_list.p[0] = WORLD_GRANTS;
    setup->frame_list.p[1] = WORLD_GRANTS + 1;
    setup->status = GNTST_okay;
    return 0;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain,
                          unsigned int max_domains, xc_domaininfo_t *info)
{
    (void)xch;
    (void)first_domain;
    (void)max_domains;
    *info = world.info;
    return 1;
}

int xc_vcpu_getcontext(xc_interface *xch, uint32_t domid, uint32_t vcpu,
                       vcpu_guest_context_any_t *ctxt)
{
    (void)xch;
    (void)domid;
    meanwhile();
    if (vcpu >= WORLD_VCPUS || !world.has_vcpu[vcpu]) {
        errno = ENODATA;
        return -1;
    }
    *ctxt = world.vcpu[vcpu];
    return 0;
}

void *xc__hypercall_buffer_alloc(xc_interface *xch, xc_hypercall_buffer_t *b,
                                 size_t size)
{
    (void)xch;
    b->hbuf = malloc(size);
    return b->hbuf;
}

void xc__hypercall_buffer_free(xc_interface *xch, xc_hypercall_buffer_t *b)
{
    (void)xch;
    free(b->hbuf);
}

static uint64_t type_of(uint64_t mfn)
{
    if (mfn >= WORLD_FRAMES || !world.owned[mfn])
        return XEN_DOMCTL_PFINFO_XTAB;
    return (uint64_t)world.level[mfn] << XEN_DOMCTL_PFINFO_LTAB_SHIFT |
           (world.pinned[mfn] ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
}

int xc_domctl(xc_interface *xch, struct xen_domctl *domctl)
{
    struct xen_domctl_getpageframeinfo3 *asked = &domctl->u.getpageframeinfo3;
    uint64_t i;

    (void)xch;
    if (domctl->cmd != XEN_DOMCTL_getpageframeinfo3 || asked->num > 1024) {
        errno = EINVAL;
        return -1;
    }
    meanwhile();
    world.asked += asked->num;
    for (i = 0; i < asked->num; i++)
        ((uint64_t *)asked->array.p)[i] =
            type_of(((uint64_t *)asked->array.p)[i]);
    return 0;
}

struct xenforeignmemory_handle *xc_interface_fmem_handle(xc_interface *xch)
{
    (void)xch;
    return NULL;
}

static bool may_map(uint64_t mfn)
{
    return mfn == WORLD_SHARED_INFO || (mfn < WORLD_FRAMES && world.owned[mfn]);
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom,
                           int prot, size_t pages, const xen_pfn_t arr[],
                           int err[])
{
    uint64_t(*map)[512] = malloc(pages * PAGE);
    size_t i;

    (void)fmem;
    (void)dom;
    if (!map || prot != PROT_READ)
        abort();
    meanwhile();
    world.read += pages;
    for (i = 0; i < pages; i++) {
        err[i] = may_map(arr[i]) ? 0 : -EINVAL;
        world.watched_reads += arr[i] == world.watched;
        if (!err[i])
            memcpy(map[i], world.page[arr[i]], PAGE);
    }
    return map;
}

int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr,
                           size_t pages)
{
    (void)fmem;
    (void)pages;
    free(addr);
    return 0;
}
