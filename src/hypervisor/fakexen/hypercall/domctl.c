/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl.c - __HYPERVISOR_domctl (xen/domctl.h): what toolstacks do to domains.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/domctl.h>

#include "domain/domain.h"
#include "domain/caller.h"
#include "hypercall/hypercall.h"
#include "memory/page_type.h"
#include "hypercall/vm_assist.h"

/* Xen lets control tools pause a domain that often. */
#define MAX_PAUSE_COUNT 255

/* XEN_DOMCTL_getpageframeinfo3 takes no more at once. */
#define MAX_PFINFO 1024

/* Credit2's (xen/common/sched/credit2.c). */
#define DEFAULT_WEIGHT 256

/* HYPERCALL_VECTOR and the slot of each stub (xen/arch-x86/xen-x86_32.h). */
#define HYPERCALL_VECTOR 0x82
#define STUB_BYTES       32

/* Does the structure go back to the caller, also after an error? */
struct call {
    const struct fx_caller *caller;
    struct fx_host *host;
    struct fx_domain *domain; /* NULL for createdomain and getdomaininfo */
    struct xen_domctl *op;
    bool copy_back;
};

typedef long (*domctl_function)(struct call *call);

/* Xen pauses the domain meanwhile, which none can do to itself. */
static bool is_caller(const struct call *call)
{
    return call->domain == call->caller->domain;
}

/* IDs are given out round and round, so that one is not soon used again. */
static int pick_domid(struct fx_host *host, uint16_t *domid)
{
    uint32_t id = host->super->next_domid;
    uint32_t i;

    for (i = 0; i < DOMID_FIRST_RESERVED; i++, id++) {
        if (!id || id >= DOMID_FIRST_RESERVED)
            id = 1;
        if (fx_domain(host, id))
            continue;
        host->super->next_domid = id + 1;
        *domid = (uint16_t)id;
        return 0;
    }
    return -ENOMEM;
}

static long create_domain(struct call *call)
{
    uint16_t domid = call->op->domain;
    int rc;

    if (domid && domid < DOMID_FIRST_RESERVED) {
        if (fx_domain(call->host, domid))
            return -EEXIST;
    } else {
        rc = pick_domid(call->host, &domid);
        if (rc)
            return rc;
    }
    rc = fx_domain_create(call->host, domid, &call->op->u.createdomain);
    if (rc)
        return rc;
    call->op->domain = domid;
    call->copy_back = true;
    return 0;
}

static long destroy_domain(struct call *call)
{
    if (is_caller(call))
        return -EINVAL;
    fx_domain_kill(call->host, call->domain);
    return 0;
}

static long pause_domain(struct call *call)
{
    if (is_caller(call))
        return -EINVAL;
    if (call->domain->pause_count >= MAX_PAUSE_COUNT)
        return -EOVERFLOW;
    call->domain->pause_count++;
    return 0;
}

static long unpause_domain(struct call *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);

    if (!call->domain->pause_count)
        return -EINVAL;
    call->domain->pause_count--;
    if (state && !call->domain->pause_count)
        state->creation_finished = true;
    return 0;
}

static long resume_domain(struct call *call)
{
    if (is_caller(call))
        return -EINVAL;
    call->domain->shutdown = false;
    call->domain->shutdown_code = FX_NOT_SHUT_DOWN;
    return 0;
}

/* The domain itself, or the next one: callers walk all of them that way. */
static long get_domain_info(struct call *call)
{
    uint32_t domid = call->op->domain;

    if (!call->domain) {
        if (domid >= DOMID_FIRST_RESERVED)
            return -EINVAL;
        call->domain = fx_domain_next(call->host, domid);
    }
    if (!call->domain)
        return -ESRCH;
    fx_domain_info(call->host, call->domain, &call->op->u.getdomaininfo);
    call->op->domain = call->op->u.getdomaininfo.domain;
    call->copy_back = true;
    return 0;
}

static long max_vcpus(struct call *call)
{
    if (is_caller(call) || call->op->u.max_vcpus.max != call->domain->max_vcpus)
        return -EINVAL;
    return fx_domain_make_vcpus(call->host, call->domain);
}

static long max_mem(struct call *call)
{
    uint64_t pages = call->op->u.max_mem.max_memkb >> (FX_PAGE_SHIFT - 10);

    /* Xen keeps it in 32 bits. */
    call->domain->max_pages = pages < UINT32_MAX ? pages : UINT32_MAX;
    return 0;
}

static long set_handle(struct call *call)
{
    memcpy(call->domain->handle, call->op->u.setdomainhandle.handle,
           sizeof(call->domain->handle));
    return 0;
}

static long set_debugging(struct call *call)
{
    if (is_caller(call))
        return -EINVAL;
    call->domain->debugged = call->op->u.setdebugging.enable;
    return 0;
}

static long set_address_size(struct call *call)
{
    struct fx_domain *domain = call->domain;
    uint32_t size = call->op->u.address_size.size;

    if (size == (domain->is_32bit ? 32 : 64))
        return 0;
    if (size != 32)
        return -EINVAL;
    if (domain->tot_pages || fx_rules_out_32bit(call->host, domain))
        return -EACCES;
    domain->is_32bit = true;
    fx_policy_recalculate(call->host, domain);
    return 0;
}

static long get_address_size(struct call *call)
{
    call->op->u.address_size.size = call->domain->is_32bit ? 32 : 64;
    call->copy_back = true;
    return 0;
}

static long set_context(struct call *call)
{
    const struct xen_domctl_vcpucontext *asked = &call->op->u.vcpucontext;

    if (is_caller(call) ||
        !fx_vcpu_state(call->host, call->domain, asked->vcpu))
        return -EINVAL;
    if (asked->ctxt.p)
        return fx_set_context(call->caller, call->domain, asked->vcpu,
                              (uint64_t)(uintptr_t)asked->ctxt.p);
    fx_reset_vcpu(call->host, call->domain, asked->vcpu);
    return 0;
}

static long get_context(struct call *call)
{
    const struct xen_domctl_vcpucontext *asked = &call->op->u.vcpucontext;

    if (!fx_vcpu_state(call->host, call->domain, asked->vcpu))
        return -EINVAL;
    if (!call->domain->vcpu[asked->vcpu].initialised)
        return -ENODATA;
    call->copy_back = true;
    return fx_get_context(call->caller, call->domain, asked->vcpu,
                          (uint64_t)(uintptr_t)asked->ctxt.p);
}

static long get_vcpu_info(struct call *call)
{
    struct xen_domctl_getvcpuinfo *info = &call->op->u.getvcpuinfo;
    const struct fx_domain *domain = call->domain;

    if (info->vcpu >= domain->max_vcpus)
        return -EINVAL;
    if (!fx_vcpu_state(call->host, domain, info->vcpu))
        return -ESRCH;
    info->online = !domain->vcpu[info->vcpu].down;
    info->blocked = info->online && !domain->pause_count && !domain->shutdown;
    info->running = 0;
    info->cpu_time = 0;
    info->cpu = info->vcpu % FX_CPUS;
    call->copy_back = true;
    return 0;
}

static long page_frame_info(struct call *call)
{
    const struct xen_domctl_getpageframeinfo3 *asked =
        &call->op->u.getpageframeinfo3;
    uint64_t at = (uint64_t)(uintptr_t)asked->array.p;
    uint64_t i;

    if (asked->num > MAX_PFINFO)
        return -E2BIG;
    for (i = 0; i < asked->num; i++, at += sizeof(uint64_t)) {
        uint64_t word;

        if (fx_copy_in(call->caller, &word, at, sizeof(word)))
            return -EFAULT;
        word = fx_pfinfo(call->host, call->domain, word);
        if (fx_copy_out(call->caller, at, &word, sizeof(word)))
            return -EFAULT;
    }
    return 0;
}

/* push %rcx; push %r11; mov $number, %eax; syscall; pop %r11; pop %rcx; ret */
static void stub_64(uint8_t *at, uint32_t number)
{
    static const uint8_t code[] = {0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                   0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    /* iret does not come back, and takes %rax from the stack besides. */
    static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 0,
                                   0,    0,    0,    0x0f, 0x05};

    if (number == __HYPERVISOR_iret) {
        memcpy(at, iret, sizeof(iret));
        memcpy(at + 5, &number, sizeof(number));
    } else {
        memcpy(at, code, sizeof(code));
        memcpy(at + 4, &number, sizeof(number));
    }
}

/* mov $number, %eax; int $0x82; ret, and push %eax before iret's */
static void stub_32(uint8_t *at, uint32_t number)
{
    static const uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xcd, HYPERCALL_VECTOR,
                                   0xc3};
    static const uint8_t iret[] = {0x50, 0xb8, 0,    0,
                                   0,    0,    0xcd, HYPERCALL_VECTOR};

    if (number == __HYPERVISOR_iret) {
        memcpy(at, iret, sizeof(iret));
        memcpy(at + 2, &number, sizeof(number));
    } else {
        memcpy(at, code, sizeof(code));
        memcpy(at + 1, &number, sizeof(number));
    }
}

static long hypercall_init(struct call *call)
{
    uint64_t mfn = call->op->u.hypercall_init.gmfn;
    struct fx_host *host = call->host;
    uint8_t *page;
    uint32_t i;

    if (fx_get_page(host, mfn, call->domain->id))
        return -EINVAL;
    if (fx_get_type(host, mfn, FX_WRITABLE, 0)) {
        fx_put_page(host, mfn);
        return -EPERM;
    }
    page = fx_page(host, mfn);
    memset(page, 0xcc, FX_PAGE_SIZE); /* int3 between the stubs */
    for (i = 0; i < FX_PAGE_SIZE / STUB_BYTES; i++) {
        if (call->domain->is_32bit)
            stub_32(page + i * STUB_BYTES, i);
        else
            stub_64(page + i * STUB_BYTES, i);
    }
    fx_put_page_and_type(host, mfn);
    return 0;
}

static long shadow_op(struct call *call)
{
    call->copy_back = true;
    return fx_shadow_op(call->caller, call->domain, &call->op->u.shadow_op);
}

static long ext_context(struct call *call)
{
    call->copy_back = call->op->cmd == XEN_DOMCTL_get_ext_vcpucontext;
    return fx_ext_context(call->caller, call->domain, call->op);
}

static long vcpu_xstate(struct call *call)
{
    call->copy_back = call->op->cmd == XEN_DOMCTL_getvcpuextstate;
    return fx_vcpu_xstate(call->caller, call->domain, call->op);
}

static long vcpu_msrs(struct call *call)
{
    call->copy_back = true;
    return fx_vcpu_msrs(call->caller, call->domain, call->op);
}

static long vcpu_affinity(struct call *call)
{
    return fx_vcpu_affinity(call->caller, call->domain, call->op);
}

/* The guest's time stands still while it never runs: it is the host's. */
static long get_tsc(struct call *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    struct xen_domctl_tsc_info *info = &call->op->u.tsc_info;
    int64_t elapsed;

    if (is_caller(call) || !state)
        return -EINVAL;
    /* Callers may have set anything: it goes round. */
    elapsed =
        (int64_t)((uint64_t)fx_system_time() - (uint64_t)state->tsc_offset);
    info->tsc_mode = state->tsc_mode;
    info->incarnation = state->tsc_incarnation;
    info->elapsed_nsec = elapsed > 0 ? (uint64_t)elapsed : 0;
    info->gtsc_khz = state->tsc_khz;
    if (state->tsc_mode == 2) /* TSC_MODE_NEVER_EMULATE */
        info->elapsed_nsec = info->gtsc_khz = 0;
    call->copy_back = true;
    return 0;
}

static long set_tsc(struct call *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    const struct xen_domctl_tsc_info *info = &call->op->u.tsc_info;

    if (is_caller(call) || !state || info->tsc_mode > 2)
        return -EINVAL;
    state->tsc_mode = info->tsc_mode;
    state->tsc_incarnation = info->incarnation + 1;
    if (info->tsc_mode == 2)
        return 0;
    state->tsc_khz = info->gtsc_khz ? info->gtsc_khz : FX_CPU_KHZ;
    state->tsc_offset =
        (int64_t)((uint64_t)fx_system_time() - info->elapsed_nsec);
    return 0;
}

static long get_cpu_policy(struct call *call)
{
    long rc =
        fx_policy_get(call->caller, call->domain, &call->op->u.cpu_policy);

    call->copy_back = !rc;
    return rc;
}

static long set_cpu_policy(struct call *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    long rc;

    if (is_caller(call) || !state)
        return -EINVAL;
    if (state->creation_finished)
        return -EEXIST;
    rc = fx_policy_set(call->caller, call->domain, &call->op->u.cpu_policy);
    call->copy_back = rc; /* says which leaf */
    return rc;
}

static long node_affinity(struct call *call)
{
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    struct xenctl_bitmap *map = &call->op->u.nodeaffinity.nodemap;
    uint64_t online = (UINT64_C(1) << call->host->super->nr_nodes) - 1;
    uint64_t nodes = 0;

    if (!state)
        return -EINVAL;
    if (call->op->cmd == XEN_DOMCTL_getnodeaffinity)
        return fx_bitmap_out(call->caller, map, state->node_affinity);
    if (fx_bitmap_in(call->caller, map, &nodes))
        return -EFAULT;
    if (!(nodes & online))
        return -EINVAL;
    /* Every number that there could be: back to what it was at first. */
    state->node_affinity = nodes == UINT64_MAX ? online : nodes;
    return 0;
}

/* Only what allocation goes by: which physical node a virtual one stands for */
static long set_vnuma(struct call *call)
{
    const struct xen_domctl_vnuma *asked = &call->op->u.vnuma;
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    uint32_t nodes[FX_MAX_NODES] = {0};
    uint32_t i;

    if (!state || asked->nr_vcpus != call->domain->max_vcpus || asked->pad ||
        !asked->nr_vnodes || asked->nr_vnodes > FX_MAX_NODES)
        return -EINVAL;
    if (fx_copy_in(call->caller, nodes,
                   (uint64_t)(uintptr_t)asked->vnode_to_pnode.p,
                   asked->nr_vnodes * sizeof(nodes[0])))
        return -EFAULT;
    for (i = 0; i < asked->nr_vnodes; i++)
        if (nodes[i] >= 64)
            return -E2BIG;
    memcpy(state->vnode_to_pnode, nodes, sizeof(nodes));
    state->nr_vnodes = asked->nr_vnodes;
    return 0;
}

/* A cap is in hundredths of a CPU: a vCPU has no use for more than one. */
static long set_credit2(const struct fx_domain *domain,
                        struct fx_domain_state *state, unsigned int weight,
                        unsigned int cap)
{
    unsigned int vcpus = 0;

    for (unsigned int i = 0; i < FX_MAX_VCPUS; i++)
        vcpus += domain->vcpu[i].exists;
    if (weight)
        state->sched_weight = (uint16_t)weight;
    if (cap > 100 * vcpus)
        return -EINVAL;
    state->sched_cap = (uint16_t)cap;
    return 0;
}

/* Credit2's parameters are kept; there are no CPUs that go by them. */
static long scheduler_op(struct call *call)
{
    struct xen_domctl_scheduler_op *asked = &call->op->u.scheduler_op;
    struct fx_domain_state *state = fx_domain_state(call->host, call->domain);
    long rc = 0;

    if (asked->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (asked->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (!state) /* the control domain's stay as they are */
            return -EOPNOTSUPP;
        rc = set_credit2(call->domain, state, asked->u.credit2.weight,
                         asked->u.credit2.cap);
        break;
    case XEN_DOMCTL_SCHEDOP_getinfo:
        asked->u.credit2.weight =
            state && state->sched_weight ? state->sched_weight : DEFAULT_WEIGHT;
        asked->u.credit2.cap = state ? state->sched_cap : 0;
        break;
    default:
        return -EINVAL;
    }
    call->copy_back = true;
    return rc;
}

/* A debugger's pauses of one vCPU, while the domain is paused as a whole. */
static long debugger_pause(struct call *call)
{
    struct fx_vcpu_state *v = fx_vcpu_state(
        call->host, call->domain, call->op->u.gdbsx_pauseunp_vcpu.vcpu);

    if (!call->domain->pause_count)
        return -EBUSY;
    if (!v)
        return -EINVAL;
    if (call->op->cmd == XEN_DOMCTL_gdbsx_pausevcpu) {
        if (v->debugger_pauses >= MAX_PAUSE_COUNT)
            return -EOVERFLOW;
        v->debugger_pauses++;
        return 0;
    }
    if (!v->debugger_pauses)
        return -EINVAL;
    v->debugger_pauses--;
    return 0;
}

static long vm_assist(struct call *call)
{
    struct xen_domctl_vm_assist asked;
    long rc;

    memcpy(&asked, &call->op->u, sizeof(asked));
    rc = fx_declare_assists(call->host, call->domain, &asked);
    memcpy(&call->op->u, &asked, sizeof(asked));
    call->copy_back = !rc;
    return rc;
}

/* Accepted for the guest's sake, to which it makes no difference here. */
static long nothing_to_do(struct call *call)
{
    (void)call;
    return 0;
}

/* Only an interrupt that the machine has once can be handed on. */
static long set_virq_handler(struct call *call)
{
    uint32_t virq = call->op->u.set_virq_handler.virq;

    return virq >= NR_VIRQS || virq == VIRQ_TIMER || virq == VIRQ_DEBUG ||
                   virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU
               ? -EINVAL
               : 0;
}

static long not_for_pv(struct call *call)
{
    (void)call;
    return -EOPNOTSUPP;
}

static domctl_function function_for(uint32_t command)
{
    static const domctl_function table[] = {
        [XEN_DOMCTL_createdomain] = create_domain,
        [XEN_DOMCTL_destroydomain] = destroy_domain,
        [XEN_DOMCTL_pausedomain] = pause_domain,
        [XEN_DOMCTL_unpausedomain] = unpause_domain,
        [XEN_DOMCTL_resumedomain] = resume_domain,
        [XEN_DOMCTL_getdomaininfo] = get_domain_info,
        [XEN_DOMCTL_max_mem] = max_mem,
        [XEN_DOMCTL_max_vcpus] = max_vcpus,
        [XEN_DOMCTL_setdomainhandle] = set_handle,
        [XEN_DOMCTL_setdebugging] = set_debugging,
        [XEN_DOMCTL_set_address_size] = set_address_size,
        [XEN_DOMCTL_get_address_size] = get_address_size,
        [XEN_DOMCTL_setvcpucontext] = set_context,
        [XEN_DOMCTL_getvcpucontext] = get_context,
        [XEN_DOMCTL_getvcpuinfo] = get_vcpu_info,
        [XEN_DOMCTL_getpageframeinfo3] = page_frame_info,
        [XEN_DOMCTL_hypercall_init] = hypercall_init,
        [XEN_DOMCTL_shadow_op] = shadow_op,
        [XEN_DOMCTL_set_ext_vcpucontext] = ext_context,
        [XEN_DOMCTL_get_ext_vcpucontext] = ext_context,
        [XEN_DOMCTL_setvcpuextstate] = vcpu_xstate,
        [XEN_DOMCTL_getvcpuextstate] = vcpu_xstate,
        [XEN_DOMCTL_set_vcpu_msrs] = vcpu_msrs,
        [XEN_DOMCTL_get_vcpu_msrs] = vcpu_msrs,
        [XEN_DOMCTL_setvcpuaffinity] = vcpu_affinity,
        [XEN_DOMCTL_getvcpuaffinity] = vcpu_affinity,
        [XEN_DOMCTL_setnodeaffinity] = node_affinity,
        [XEN_DOMCTL_getnodeaffinity] = node_affinity,
        [XEN_DOMCTL_gettscinfo] = get_tsc,
        [XEN_DOMCTL_settscinfo] = set_tsc,
        [XEN_DOMCTL_get_cpu_policy] = get_cpu_policy,
        [XEN_DOMCTL_set_cpu_policy] = set_cpu_policy,
        [XEN_DOMCTL_setvnumainfo] = set_vnuma,
        [XEN_DOMCTL_scheduler_op] = scheduler_op,
        [XEN_DOMCTL_settimeoffset] = nothing_to_do,
        [XEN_DOMCTL_subscribe] = nothing_to_do,
        [XEN_DOMCTL_set_virq_handler] = set_virq_handler,
        [XEN_DOMCTL_get_paging_mempool_size] = not_for_pv,
        [XEN_DOMCTL_set_paging_mempool_size] = not_for_pv,
    };

    switch (command) { /* those far from the others */
    case XEN_DOMCTL_vm_assist:
        return vm_assist;
    case XEN_DOMCTL_gdbsx_pausevcpu:
    case XEN_DOMCTL_gdbsx_unpausevcpu:
        return debugger_pause;
    }
    return command < sizeof(table) / sizeof(table[0]) ? table[command] : NULL;
}

long fx_domctl(const struct fx_caller *caller, const uint64_t arg[5])
{
    struct xen_domctl op;
    struct call call = {.caller = caller, .host = caller->host, .op = &op};
    domctl_function function;
    long rc;

    if (fx_copy_in(caller, &op, arg[0], sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    if (op.cmd != XEN_DOMCTL_createdomain) {
        call.domain = fx_domain(caller->host, op.domain);
        if (!call.domain && op.cmd != XEN_DOMCTL_getdomaininfo)
            return -ESRCH;
    }
    function = function_for(op.cmd);
    rc = function ? function(&call) : -ENOSYS;
    if (call.copy_back && fx_copy_out(caller, arg[0], &op, sizeof(op)))
        return -EFAULT;
    return rc;
}
