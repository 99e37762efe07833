/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gnttab.c - a client of libxengnttab, as backends are: it maps what a domain
 * has granted, is refused what it has not, and lets go of it in all ways.
 *
 *   gnttab             tries all of it
 *   gnttab hold DOMID  maps grants 0 and 1, says so, and waits to be killed
 *   gnttab watch DOMID runs that for a guest that runs, kills it, and waits
 * until the guest can see that
 *
 * AUDIT in the environment is a command that fails where the machine is not in
 * order.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#define PAGE    4096
#define PAGES   8
#define ENTRIES (PAGE / sizeof(grant_entry_v1_t))
#define RW      (PROT_READ | PROT_WRITE)
#define NONE    UINT32_MAX

/* Entries that a domain has at most: 64 frames of them. */
#define NO_REF (64 * ENTRIES)

static int failures;

#define TRY(cond)                                                              \
    do {                                                                       \
        if (!(cond)) {                                                         \
            printf("FAILED: line %d: %s (%s)\n", __LINE__, #cond,              \
                   strerror(errno));                                           \
            failures++;                                                        \
        }                                                                      \
    } while (0)

/* Whoever goes on after a failure of these would crash. */
#define MUST(cond)                                                             \
    do {                                                                       \
        TRY(cond);                                                             \
        if (failures)                                                          \
            exit(1);                                                           \
    } while (0)

static xc_interface *xch;
static xenforeignmemory_handle *fmem;
static xengnttab_handle *xgt;

/* A domain that grants, whose part is played here. */
static struct domain {
    uint32_t id;
    xen_pfn_t mfn[PAGES];
    grant_entry_v1_t *table;
    xenforeignmemory_resource_handle *mapped;
} dom;

static void create(struct domain *d)
{
    struct xen_domctl_createdomain config = {.max_vcpus = 1,
                                             .max_evtchn_port = -1,
                                             .max_grant_frames = 4,
                                             .max_maptrack_frames = 4,
                                             .grant_opts = 1};
    void *table = NULL;

    d->id = 0x7ff5;
    MUST(!xc_domain_create(xch, &d->id, &config));
    MUST(!xc_domain_setmaxmem(xch, d->id, 1024));
    for (unsigned int i = 0; i < PAGES; i++)
        d->mfn[i] = i;
    MUST(!xc_domain_populate_physmap_exact(xch, d->id, PAGES, 0, 0, d->mfn));
    d->mapped = xenforeignmemory_map_resource(
        fmem, (domid_t)d->id, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, &table, RW, 0);
    MUST(d->mapped);
    d->table = table;
}

static void grant(unsigned int ref, uint16_t flags, xen_pfn_t mfn,
                  uint16_t domid)
{
    dom.table[ref].frame = (uint32_t)mfn;
    dom.table[ref].domid = domid;
    dom.table[ref].flags = flags;
}

/* What is marked as being used by others. */
static unsigned int marks(unsigned int ref)
{
    return dom.table[ref].flags & (GTF_reading | GTF_writing);
}

static void audit(void)
{
    const char *command = getenv("AUDIT");

    TRY(command && !system(command));
}

static bool refused(uint32_t domid, uint32_t ref, int prot)
{
    errno = 0;
    return !xengnttab_map_grant_ref(xgt, domid, ref, prot) && errno == EINVAL;
}

static char *map_foreign(xen_pfn_t mfn)
{
    char *p = xenforeignmemory_map(fmem, dom.id, RW, 1, &mfn, NULL);

    MUST(p);
    return p;
}

static void try_mapping(void)
{
    char *theirs = map_foreign(dom.mfn[0]), *p, *q;

    grant(0, GTF_permit_access, dom.mfn[0], 0);
    strcpy(theirs, "theirs");
    p = xengnttab_map_grant_ref(xgt, dom.id, 0, RW);
    MUST(p);
    TRY(marks(0) == (GTF_reading | GTF_writing));
    TRY(!strcmp(p, "theirs"));
    strcpy(p, "ours");
    TRY(!strcmp(theirs, "ours"));
    audit();
    /* A second time, to read: the last use of each kind counts. */
    q = xengnttab_map_grant_ref(xgt, dom.id, 0, PROT_READ);
    MUST(q && q != p);
    TRY(mprotect(q, PAGE, RW) == -1 && errno == EACCES);
    TRY(!xengnttab_unmap(xgt, p, 1));
    TRY(marks(0) == GTF_reading);
    TRY(!strcmp(q, "ours"));
    audit();
    TRY(!xengnttab_unmap(xgt, q, 1));
    TRY(!marks(0));
    audit();
    TRY(xengnttab_unmap(xgt, q, 1) == -1 && errno == EINVAL);
    TRY(xengnttab_unmap(xgt, NULL, 1) == -1 && errno == EINVAL);
    TRY(!munmap(theirs, PAGE));
}

/* One whose entry says something else by now: it is the old one's frame. */
static void try_changed(void)
{
    char *p, *q;

    grant(0, GTF_permit_access, dom.mfn[0], 0);
    p = xengnttab_map_grant_ref(xgt, dom.id, 0, PROT_READ);
    MUST(p);
    dom.table[0].frame = (uint32_t)dom.mfn[1];
    q = xengnttab_map_grant_ref(xgt, dom.id, 0, RW);
    MUST(q);
    strcpy(q, "the same");
    TRY(!strcmp(p, "the same"));
    dom.table[0].flags |= GTF_readonly; /* too late for who has it */
    TRY(!munmap(q, PAGE));
    TRY(marks(0) == GTF_reading);
    TRY(refused(dom.id, 0, RW));
    TRY(!munmap(p, PAGE));
    TRY(!marks(0));
    audit();
}

static void try_refusals(void)
{
    struct domain other = {0};
    char *p;

    create(&other);
    grant(1, GTF_permit_access, dom.mfn[1], 0);
    TRY(refused(other.id + 1, 1, PROT_READ)); /* no such domain */
    TRY(refused(dom.id, NO_REF, PROT_READ));
    TRY(refused(dom.id, ENTRIES, PROT_READ)); /* the table has one frame */
    TRY(refused(dom.id, UINT32_MAX, PROT_READ));
    TRY(refused(dom.id, ENTRIES - 1, PROT_READ)); /* not granted */
    grant(1, GTF_invalid, dom.mfn[1], 0);
    TRY(refused(dom.id, 1, PROT_READ));
    grant(1, GTF_accept_transfer, dom.mfn[1], 0);
    TRY(refused(dom.id, 1, PROT_READ));
    grant(1, GTF_permit_access | GTF_sub_page, dom.mfn[1], 0);
    TRY(refused(dom.id, 1, PROT_READ));
    grant(1, GTF_permit_access, dom.mfn[1], (uint16_t)other.id);
    TRY(refused(dom.id, 1, PROT_READ)); /* to somebody else */
    grant(1, GTF_permit_access, other.mfn[1], 0);
    TRY(refused(dom.id, 1, PROT_READ)); /* not its own to grant */
    grant(1, GTF_permit_access, 0xffffffff, 0);
    TRY(refused(dom.id, 1, PROT_READ));
    grant(1, GTF_permit_access | GTF_readonly, dom.mfn[1], 0);
    TRY(refused(dom.id, 1, RW));
    TRY(!marks(1));
    audit();
    p = xengnttab_map_grant_ref(xgt, dom.id, 1, PROT_READ);
    TRY(p && marks(1) == GTF_reading);
    TRY(refused(dom.id, 1, RW) && marks(1) == GTF_reading);
    TRY(p && !xengnttab_unmap(xgt, p, 1));
    TRY(!xenforeignmemory_unmap_resource(fmem, other.mapped));
    TRY(!xc_domain_destroy(xch, other.id));
    audit();
}

static int pin(xen_pfn_t mfn, unsigned int command)
{
    struct mmuext_op op = {.cmd = command, .arg1.mfn = mfn};

    return xc_mmuext_op(xch, &op, 1, (domid_t)dom.id);
}

/* A frame that is mapped so that it can be written to becomes no page table,
 * and a table is not mapped so. */
static void try_tables(void)
{
    char *p;

    grant(2, GTF_permit_access, dom.mfn[2], 0);
    p = xengnttab_map_grant_ref(xgt, dom.id, 2, RW);
    MUST(p);
    TRY(pin(dom.mfn[2], MMUEXT_PIN_L1_TABLE));
    TRY(!xengnttab_unmap(xgt, p, 1));
    TRY(!pin(dom.mfn[2], MMUEXT_PIN_L1_TABLE));
    TRY(refused(dom.id, 2, RW) && !marks(2));
    p = xengnttab_map_grant_ref(xgt, dom.id, 2, PROT_READ);
    TRY(p && marks(2) == GTF_reading);
    TRY(refused(dom.id, 2, RW) && marks(2) == GTF_reading);
    audit();
    TRY(p && !xengnttab_unmap(xgt, p, 1));
    TRY(!pin(dom.mfn[2], MMUEXT_UNPIN_TABLE));
    audit();
}

/* Each kind of use of an entry has a counter of eight bits on Xen, which has to
 * be half empty. */
static void try_often(void)
{
    uint32_t refs[129] = {0}, domids[129];
    char *p;

    for (unsigned int i = 0; i < 129; i++) {
        refs[i] = 3;
        domids[i] = dom.id;
    }
    grant(3, GTF_permit_access, dom.mfn[3], 0);
    p = xengnttab_map_domain_grant_refs(xgt, 128, dom.id, refs, PROT_READ);
    MUST(p);
    TRY(refused(dom.id, 3, PROT_READ));
    TRY(!xengnttab_unmap(xgt, p, 128));
    TRY(!marks(3));
    TRY(!xengnttab_map_grant_refs(xgt, 129, domids, refs, RW) &&
        errno == EINVAL);
    TRY(!marks(3));
    TRY(!xengnttab_map_grant_refs(xgt, 0, domids, refs, RW) && errno == EINVAL);
    audit();
}

/* All of a call's pages or none; and parts end by themselves. */
static void try_several(void)
{
    uint32_t refs[4] = {4, 5, 6, 7};
    char *p;

    for (unsigned int i = 4; i < 8; i++)
        grant(i, GTF_permit_access, dom.mfn[i], 0);
    dom.table[7].domid = 9;
    TRY(!xengnttab_map_domain_grant_refs(xgt, 4, dom.id, refs, RW) &&
        errno == EINVAL);
    TRY(!marks(4) && !marks(5) && !marks(6) && !marks(7));
    audit();
    dom.table[7].domid = 0;
    p = xengnttab_map_domain_grant_refs(xgt, 4, dom.id, refs, RW);
    MUST(p);
    for (unsigned int i = 0; i < 4; i++) {
        char *theirs = map_foreign(dom.mfn[4 + i]);

        sprintf(p + i * PAGE, "page %u", i);
        TRY(!strcmp(theirs, p + i * PAGE));
        TRY(!munmap(theirs, PAGE));
    }
    TRY(xengnttab_unmap(xgt, p, 3) == -1 && errno == EINVAL);
    TRY(xengnttab_unmap(xgt, p + PAGE, 3) == -1 && errno == EINVAL);
    TRY(marks(4) && marks(5) && marks(6) && marks(7));
    TRY(!munmap(p + PAGE, 2 * PAGE));
    TRY(marks(4) && !marks(5) && !marks(6) && marks(7));
    audit();
    TRY(!xengnttab_close(xgt)); /* what is mapped stays */
    xgt = xengnttab_open(NULL, 0);
    MUST(xgt);
    TRY(!strcmp(p + 3 * PAGE, "page 3"));
    TRY(mmap(p, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
             -1, 0) == p);
    TRY(!marks(4) && !marks(7));
    audit();
    TRY(!munmap(p, 4 * PAGE));
}

/* A frame that its domain gives back is free when it is unmapped. */
static void try_freed(void)
{
    xc_physinfo_t before, now;
    char *p;

    grant(7, GTF_permit_access, dom.mfn[7], 0);
    p = xengnttab_map_grant_ref(xgt, dom.id, 7, RW);
    MUST(p);
    TRY(!xc_physinfo(xch, &before));
    TRY(!xc_domain_decrease_reservation_exact(xch, dom.id, 1, 0, &dom.mfn[7]));
    TRY(!xc_physinfo(xch, &now) && now.free_pages == before.free_pages);
    strcpy(p, "still there");
    audit();
    TRY(!xengnttab_unmap(xgt, p, 1));
    TRY(!xc_physinfo(xch, &now) && now.free_pages == before.free_pages + 1);
    TRY(refused(dom.id, 7, RW));
    audit();
}

/* The page of a copy that is granted, by `flags`: at its offset 4090. */
static int copy(uint16_t flags, uint32_t ref, void *virt, uint16_t len,
                int16_t *status)
{
    bool to = flags & GNTCOPY_dest_gref;
    xengnttab_grant_copy_segment_t seg = {.flags = flags, .len = len};
    union xengnttab_copy_ptr *granted = to ? &seg.dest : &seg.source;
    int rc;

    granted->foreign.ref = ref;
    granted->foreign.domid = (uint16_t)dom.id;
    granted->foreign.offset = 4090;
    if (to)
        seg.source.virt = virt;
    else
        seg.dest.virt = virt;
    rc = xengnttab_grant_copy(xgt, 1, &seg);
    *status = seg.status;
    return rc;
}

static void try_copies(void)
{
    xengnttab_grant_copy_segment_t two[2] = {{.len = 6}, {.len = 6}};
    const uint16_t from = GNTCOPY_source_gref, to = GNTCOPY_dest_gref;
    char *theirs = map_foreign(dom.mfn[0]), ours[PAGE] = "";
    int16_t status;

    grant(0, GTF_permit_access, dom.mfn[0], 0);
    grant(1, GTF_permit_access, dom.mfn[1], 0);
    grant(2, GTF_permit_access, dom.mfn[2], (uint16_t)(dom.id + 1));
    strcpy(theirs + 4090, "first");
    TRY(!copy(from, 0, ours, 6, &status) && status == GNTST_okay);
    TRY(!strcmp(ours, "first"));
    strcpy(ours, "other");
    TRY(!copy(to, 0, ours, 6, &status) && status == GNTST_okay);
    TRY(!strcmp(theirs + 4090, "other"));
    /* From one grant to another, and one that is refused beside it. */
    for (int i = 0; i < 2; i++) {
        two[i].flags = from | to;
        two[i].source.foreign.domid = (uint16_t)dom.id;
        two[i].source.foreign.offset = 4090;
        two[i].dest.foreign.domid = (uint16_t)dom.id;
        two[i].dest.foreign.ref = 1;
    }
    two[0].source.foreign.ref = 2;
    TRY(!xengnttab_grant_copy(xgt, 2, two));
    TRY(two[0].status == GNTST_general_error && two[1].status == GNTST_okay);
    TRY(!munmap(theirs, PAGE));
    theirs = map_foreign(dom.mfn[1]);
    TRY(!strcmp(theirs, "other"));
    memset(theirs, 0, PAGE); /* it becomes a table */
    TRY(!munmap(theirs, PAGE));
    /* What Xen says of each, and what the driver does not ask it. */
    TRY(!copy(from, 2, ours, 6, &status) && status == GNTST_general_error);
    TRY(!copy(from, NO_REF, ours, 6, &status) && status == GNTST_bad_gntref);
    dom.table[0].flags |= GTF_readonly;
    TRY(!copy(to, 0, ours, 6, &status) && status == GNTST_general_error);
    dom.table[0].frame = 0xffffffff;
    TRY(!copy(from, 0, ours, 6, &status) && status == GNTST_bad_page);
    TRY(copy(from, 1, ours, 7, &status) == -1 && errno == EINVAL);
    TRY(copy(0, 1, ours, 6, &status) == -1 && errno == EINVAL);
    TRY(copy(from, 1, (void *)8, 6, &status) == -1 && errno == EFAULT);
    TRY(!marks(0) && !marks(1) && !marks(2));
    audit();
}

static bool told(xenevtchn_handle *h)
{
    struct pollfd fd = {.fd = xenevtchn_fd(h), .events = POLLIN};

    return poll(&fd, 1, 30000) == 1;
}

static void try_notify(void)
{
    xenevtchn_handle *a = xenevtchn_open(NULL, 0), *b = xenevtchn_open(NULL, 0);
    char *theirs = map_foreign(dom.mfn[0]), *p;
    int here, there;

    MUST(a && b);
    here = xenevtchn_bind_unbound_port(a, 0);
    there = xenevtchn_bind_interdomain(b, 0, (evtchn_port_t)here);
    TRY(here > 0 && there > 0 && told(b) && xenevtchn_pending(b) == there);
    TRY(!xenevtchn_unmask(b, (evtchn_port_t)there));
    grant(0, GTF_permit_access, dom.mfn[0], 0);
    memset(theirs, 1, PAGE);
    TRY(!xengnttab_map_grant_ref_notify(xgt, dom.id, 0, PROT_READ, 8, NONE) &&
        errno == EINVAL);
    TRY(!xengnttab_map_grant_ref_notify(xgt, dom.id, 0, RW, 8, 1000) &&
        errno == EINVAL);
    TRY(!marks(0) && theirs[8] == 1);
    p = xengnttab_map_grant_ref_notify(xgt, dom.id, 0, RW, PAGE - 1,
                                       (evtchn_port_t)here);
    MUST(p);
    TRY(theirs[PAGE - 1] == 1);
    TRY(!xengnttab_unmap(xgt, p, 1));
    TRY(theirs[PAGE - 1] == 0 && theirs[PAGE - 2] == 1);
    TRY(told(b) && xenevtchn_pending(b) == there);
    TRY(!xenevtchn_close(a) && !xenevtchn_close(b));
    TRY(!munmap(theirs, PAGE));
    audit();
}

static int hold(uint32_t domid)
{
    char *p, *q;

    p = xengnttab_map_grant_ref_notify(xgt, domid, 0, RW, 16, NONE);
    q = xengnttab_map_grant_ref(xgt, domid, 1, PROT_READ);
    if (!p || !q)
        return 1;
    printf("mapped\n");
    fflush(stdout);
    pause();
    return 0;
}

/* Another process has them when this returns. */
static pid_t start_holder(const char *self)
{
    char domid[16], c;
    int said[2];
    pid_t child;

    sprintf(domid, "%u", dom.id);
    MUST(!pipe(said));
    child = fork();
    if (!child) {
        dup2(said[1], 1);
        execl(self, self, "hold", domid, (char *)NULL);
        _exit(127);
    }
    close(said[1]);
    TRY(read(said[0], &c, 1) == 1);
    close(said[0]);
    TRY(marks(0) == (GTF_reading | GTF_writing) && marks(1) == GTF_reading);
    return child;
}

static void end_holder(pid_t child)
{
    int status;

    TRY(!kill(child, SIGKILL) && waitpid(child, &status, 0) == child);
}

/* No call of ours helps: the table is memory, as for the guest. */
static int watch(const char *self, uint32_t domid)
{
    void *table = NULL;

    dom.id = domid;
    MUST(xenforeignmemory_map_resource(
        fmem, (domid_t)domid, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, &table, RW, 0));
    dom.table = table;
    end_holder(start_holder(self));
    for (int i = 0; i < 3000 && (marks(0) || marks(1)); i++)
        usleep(10000);
    TRY(!marks(0) && !marks(1));
    return failures != 0;
}

/* Until it is killed. */
static void try_killed(const char *self)
{
    char *theirs = map_foreign(dom.mfn[0]);
    pid_t child;

    grant(0, GTF_permit_access, dom.mfn[0], 0);
    grant(1, GTF_permit_access, dom.mfn[1], 0);
    theirs[16] = 1;
    child = start_holder(self);
    TRY(theirs[16] == 1);
    audit();
    end_holder(child);
    audit();
    /* Whoever comes next sees to it. */
    TRY(!pin(dom.mfn[1], MMUEXT_PIN_L1_TABLE));
    TRY(!pin(dom.mfn[1], MMUEXT_UNPIN_TABLE));
    TRY(!marks(0) && !marks(1) && theirs[16] == 0);
    TRY(!munmap(theirs, PAGE));
    audit();
}

/* A child has none of its parent's. */
static void try_fork(void)
{
    int status;
    pid_t child;
    char *p;

    grant(0, GTF_permit_access, dom.mfn[0], 0);
    p = xengnttab_map_grant_ref(xgt, dom.id, 0, RW);
    MUST(p);
    child = fork();
    if (!child)
        _exit(msync(p, PAGE, MS_ASYNC) == -1 && errno == ENOMEM ? 0 : 1);
    TRY(waitpid(child, &status, 0) == child && !status);
    TRY(marks(0) == (GTF_reading | GTF_writing));
    strcpy(p, "here");
    TRY(!xengnttab_unmap(xgt, p, 1));
    audit();
}

static bool exists(uint32_t domid)
{
    xc_domaininfo_t info;

    return xc_domain_getinfolist(xch, domid, 1, &info) == 1 &&
           info.domain == domid;
}

/* It is not quite gone before it is unmapped. */
static void try_domain_gone(void)
{
    char *p;

    grant(0, GTF_permit_access, dom.mfn[0], 0);
    p = xengnttab_map_grant_ref(xgt, dom.id, 0, RW);
    MUST(p);
    strcpy(p, "the last");
    TRY(!xenforeignmemory_unmap_resource(fmem, dom.mapped));
    TRY(!xc_domain_destroy(xch, dom.id));
    TRY(exists(dom.id));
    TRY(!strcmp(p, "the last"));
    TRY(refused(dom.id, 3, RW)); /* its frames are gone */
    audit();
    TRY(!xengnttab_unmap(xgt, p, 1));
    TRY(!exists(dom.id));
    TRY(refused(dom.id, 0, RW));
    audit();
}

/* What domain 0 does not have here. */
static void try_absent(void)
{
    uint32_t ref = 0, fd;

    TRY(!xengntshr_open(NULL, 0) && errno == ENOENT);
    TRY(xengnttab_dmabuf_exp_from_refs(xgt, dom.id, 0, 1, &ref, &fd) == -1 &&
        errno == ENOTTY);
    TRY(xengnttab_dmabuf_imp_to_refs(xgt, dom.id, 0, 0, &ref) == -1 &&
        errno == EINVAL);
    TRY(!xengnttab_set_max_grants(xgt, 1));
    TRY(xengnttab_fd(xgt) >= 0);
}

int main(int argc, char **argv)
{
    xgt = xengnttab_open(NULL, 0);
    MUST(xgt);
    if (argc > 2 && !strcmp(argv[1], "hold"))
        return hold((uint32_t)atoi(argv[2]));
    xch = xc_interface_open(NULL, NULL, 0);
    fmem = xenforeignmemory_open(NULL, 0);
    MUST(xch && fmem);
    if (argc > 2)
        return watch(argv[0], (uint32_t)atoi(argv[2]));
    create(&dom);
    try_mapping();
    try_changed();
    try_refusals();
    try_tables();
    try_often();
    try_several();
    try_freed();
    try_copies();
    try_notify();
    try_killed(argv[0]);
    try_fork();
    try_absent();
    try_domain_gone();
    TRY(!xengnttab_close(xgt));
    return failures != 0;
}
