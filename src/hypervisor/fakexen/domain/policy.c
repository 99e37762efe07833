/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.c - CPU policies: what CPUID tells guests, in the order of leaves that
 * Xen writes them out in.
 */
#include "domain/policy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <xen/arch-x86/cpuid.h>

#include "domain/state.h"
#include "machine/frames.h"
#include "xen_versions.h"

/* How many leaves Xen keeps of each kind (xen/lib/x86/cpu-policy.h). */
#define NR_BASIC  14
#define NR_CACHE  6
#define NR_FEAT   3
#define NR_TOPO   2
#define NR_XSTATE 63
#define NR_EXTD   34

/* One of each kind stands among the basic leaves already; and two more are the
 * hypervisor's own. */
#define MAX_LEAVES                                                             \
    (NR_BASIC + NR_CACHE - 1 + NR_FEAT - 1 + NR_TOPO - 1 + NR_XSTATE - 1 +     \
     NR_EXTD + 2)
#define MAX_MSRS 2

#define EXTENDED   0x80000000u
#define HYPERVISOR 0x40000000u
#define VIRIDIAN   0x40000100u
#define NO_SUBLEAF XEN_CPUID_NO_SUBLEAF

/* Where a hypercall page could be asked for, which PV guests do otherwise. */
#define XEN_HYPERCALL_MSR 0x40000000u

#define MSR_PLATFORM_INFO     0xceu
#define MSR_ARCH_CAPABILITIES 0x10au

/* The last extended leaf that Xen lets an Intel machine have. */
#define MAX_EXTENDED 8u

struct leaf {
    uint32_t a, b, c, d;
};

struct policy {
    struct leaf basic[NR_BASIC], cache[NR_CACHE], feat[NR_FEAT], topo[NR_TOPO],
        xstate[NR_XSTATE], extd[NR_EXTD];
    uint32_t hv_limit, viridian_limit;
    uint64_t platform_info, arch_caps;
};

_Static_assert(sizeof(struct policy) <= FX_PAGE_SIZE, "one frame");

#define BIT(n) (1u << (n))

/* Leaf 1's EDX: what PV guests see, and what is the machine's besides. */
#define FEATURES_1D                                                            \
    (BIT(0) /* FPU */ | BIT(2) /* DE */ | BIT(4) /* TSC */ |                   \
     BIT(5) /* MSR */ | BIT(6) /* PAE */ | BIT(7) /* MCE */ |                  \
     BIT(8) /* CX8 */ | BIT(9) /* APIC */ | BIT(11) /* SEP */ |                \
     BIT(14) /* MCA */ | BIT(15) /* CMOV */ | BIT(16) /* PAT */ |              \
     BIT(19) /* CLFLUSH */ | BIT(23) /* MMX */ | BIT(24) /* FXSR */ |          \
     BIT(25) /* SSE */ | BIT(26) /* SSE2 */)
#define HOST_1D                                                                \
    (BIT(1) /* VME */ | BIT(3) /* PSE */ | BIT(12) /* MTRR */ |                \
     BIT(13) /* PGE */ | BIT(17) /* PSE36 */)

#define CX16  BIT(13)
#define XSAVE BIT(26)
#define AVX   BIT(28)
#define FEATURES_1C                                                            \
    (BIT(0) /* SSE3 */ | BIT(9) /* SSSE3 */ | CX16 | BIT(19) /* SSE4.1 */ |    \
     BIT(20) /* SSE4.2 */ | BIT(22) /* MOVBE */ | BIT(23) /* POPCNT */ |       \
     BIT(25) /* AES */ | XSAVE | AVX | BIT(31) /* HYPERVISOR */)

#define SYSCALL      BIT(11)
#define LM           BIT(29)
#define FEATURES_E1D (SYSCALL | BIT(20) /* NX */ | LM)
#define LAHF         BIT(0)
#define FEATURES_E1C (LAHF | BIT(5) /* ABM */)
#define XSAVEOPT     BIT(0)
#define AVX2         BIT(5)
#define FEATURES_7B0 (BIT(3) /* BMI1 */ | AVX2 | BIT(8) /* BMI2 */)

static void maximum(struct policy *p)
{
    static const struct leaf vendor = {0xd, 0x756e6547, 0x6c65746e,
                                       0x49656e69}; /* GenuineIntel */

    memset(p, 0, sizeof(*p));
    p->basic[0] = vendor;
    p->basic[1] = (struct leaf){0x000306c3, 8 << 8, FEATURES_1C, FEATURES_1D};
    p->basic[2].a = 1; /* leaf 2 is complete with one query */
    p->feat[0].b = FEATURES_7B0;
    p->xstate[0] =
        (struct leaf){FX_XSTATE_MASK, FX_XSTATE_BYTES, FX_XSTATE_BYTES, 0};
    p->xstate[1].a = XSAVEOPT;
    p->xstate[2] = (struct leaf){256, 576, 0, 0}; /* AVX: size, offset */
    p->extd[0].a = EXTENDED | MAX_EXTENDED;
    p->extd[1] = (struct leaf){0, 0, FEATURES_E1C, FEATURES_E1D};
    memcpy(&p->extd[2], "fakexen virtual processor", 26);
    p->extd[8].a = 48 << 8 | 46; /* bits of linear and physical addresses */
}

/* The machine itself, which has more than its guests may use. */
static void host_policy(struct policy *p)
{
    maximum(p);
    p->basic[1].d |= HOST_1D;
}

static uint64_t xstates(const struct policy *p)
{
    uint64_t high = p->xstate[0].d | p->xstate[1].d;

    return high << 32 | p->xstate[0].a | p->xstate[1].c;
}

/* Where a leaf is kept; NULL: nowhere. */
static struct leaf *find_leaf(struct policy *p, uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 4:
        return subleaf < NR_CACHE ? &p->cache[subleaf] : NULL;
    case 7:
        return subleaf < NR_FEAT ? &p->feat[subleaf] : NULL;
    case 0xb:
        return subleaf < NR_TOPO ? &p->topo[subleaf] : NULL;
    case 0xd:
        return subleaf < NR_XSTATE ? &p->xstate[subleaf] : NULL;
    }
    if (subleaf != NO_SUBLEAF)
        return NULL;
    if (leaf < NR_BASIC)
        return &p->basic[leaf];
    if (leaf >= EXTENDED && leaf - EXTENDED < NR_EXTD)
        return &p->extd[leaf - EXTENDED];
    return NULL;
}

/* A caller's array of leaves, of which `used` are written. */
struct out {
    const struct fx_caller *caller;
    uint64_t at;
    uint32_t room, used;
    int rc;
};

static void put_leaf(struct out *out, uint32_t leaf, uint32_t subleaf,
                     const struct leaf *from)
{
    xen_cpuid_leaf_t entry = {leaf,    subleaf, from->a,
                              from->b, from->c, from->d};

    if (out->rc)
        return;
    if (out->used == out->room)
        out->rc = -ENOBUFS;
    else
        out->rc = fx_copy_out(out->caller, out->at + out->used * sizeof(entry),
                              &entry, sizeof(entry));
    out->used += !out->rc;
}

/* Subleaves up to the first of type 0, which is written too. */
static void put_cache(struct out *out, const struct policy *p)
{
    uint32_t i;

    for (i = 0; i < NR_CACHE; i++) {
        put_leaf(out, 4, i, &p->cache[i]);
        if (!(p->cache[i].a & 0x1f))
            break;
    }
}

static void put_topology(struct out *out, const struct policy *p)
{
    uint32_t i;

    for (i = 0; i < NR_TOPO; i++) {
        put_leaf(out, 0xb, i, &p->topo[i]);
        if (!(p->topo[i].c & 0xff00))
            break;
    }
}

static void put_xstate(struct out *out, const struct policy *p)
{
    uint64_t left = xstates(p) >> 2;
    uint32_t i;

    put_leaf(out, 0xd, 0, &p->xstate[0]);
    put_leaf(out, 0xd, 1, &p->xstate[1]);
    for (i = 2; left && i < NR_XSTATE; i++, left >>= 1)
        put_leaf(out, 0xd, i, &p->xstate[i]);
}

static void put_features(struct out *out, const struct policy *p)
{
    uint32_t i;

    for (i = 0; i < NR_FEAT && i <= p->feat[0].a; i++)
        put_leaf(out, 7, i, &p->feat[i]);
}

static void put_basic(struct out *out, const struct policy *p, uint32_t leaf)
{
    switch (leaf) {
    case 4:
        put_cache(out, p);
        break;
    case 7:
        put_features(out, p);
        break;
    case 0xb:
        put_topology(out, p);
        break;
    case 0xd:
        put_xstate(out, p);
        break;
    default:
        put_leaf(out, leaf, NO_SUBLEAF, &p->basic[leaf]);
        break;
    }
}

static int put_leaves(const struct fx_caller *caller, const struct policy *p,
                      uint64_t at, uint32_t *count)
{
    struct out out = {.caller = caller, .at = at, .room = *count};
    struct leaf limit = {0};
    uint32_t i;

    for (i = 0; i < NR_BASIC && i <= p->basic[0].a; i++)
        put_basic(&out, p, i);
    limit.a = p->hv_limit;
    put_leaf(&out, HYPERVISOR, NO_SUBLEAF, &limit);
    limit.a = p->viridian_limit;
    put_leaf(&out, VIRIDIAN, NO_SUBLEAF, &limit);
    for (i = 0; i < NR_EXTD && i <= (p->extd[0].a & 0xffff); i++)
        put_leaf(&out, EXTENDED + i, NO_SUBLEAF, &p->extd[i]);
    if (!out.rc)
        *count = out.used;
    return out.rc;
}

static int put_msrs(const struct fx_caller *caller, const struct policy *p,
                    uint64_t at, uint32_t *count)
{
    xen_msr_entry_t entry[MAX_MSRS] = {
        {.idx = MSR_PLATFORM_INFO, .val = p->platform_info},
        {.idx = MSR_ARCH_CAPABILITIES, .val = p->arch_caps},
    };
    uint32_t fit = *count < MAX_MSRS ? *count : MAX_MSRS;

    if (fit && fx_copy_out(caller, at, entry, fit * sizeof(entry[0])))
        return -EFAULT;
    if (fit < MAX_MSRS)
        return -ENOBUFS;
    *count = MAX_MSRS;
    return 0;
}

/* Where there is no array, its size is asked for. */
static int put_policy(const struct fx_caller *caller, const struct policy *p,
                      uint64_t leaves, uint32_t *nr_leaves, uint64_t msrs,
                      uint32_t *nr_msrs)
{
    int rc = 0;

    if (leaves)
        rc = put_leaves(caller, p, leaves, nr_leaves);
    else
        *nr_leaves = MAX_LEAVES;
    if (rc)
        return rc;
    if (msrs)
        return put_msrs(caller, p, msrs, nr_msrs);
    *nr_msrs = MAX_MSRS;
    return 0;
}

static int system_policy(uint32_t index, struct policy *p)
{
    switch (index) {
    case XEN_SYSCTL_cpu_policy_raw:
    case XEN_SYSCTL_cpu_policy_host:
        host_policy(p);
        return 0;
    case XEN_SYSCTL_cpu_policy_pv_max:
    case XEN_SYSCTL_cpu_policy_pv_default:
    case XEN_SYSCTL_cpu_policy_hvm_max: /* Xen has it without VT-x, too */
    case XEN_SYSCTL_cpu_policy_hvm_default:
        maximum(p);
        return 0;
    default:
        return -EINVAL;
    }
}

long fx_policy_system(const struct fx_caller *caller,
                      struct xen_sysctl_cpu_policy *op)
{
    struct policy p;
    int rc = op->_rsvd ? -EINVAL : system_policy(op->index, &p);

    if (rc)
        return rc;
    return put_policy(caller, &p, (uint64_t)(uintptr_t)op->leaves.p,
                      &op->nr_leaves, (uint64_t)(uintptr_t)op->msrs.p,
                      &op->nr_msrs);
}

/* Feature sets are numbered in an order of their own. */
int fx_policy_features(uint32_t index, uint32_t features[FX_FEATURE_WORDS])
{
    static const uint32_t policy_of[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
        [XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
        [XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
        [XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
        [XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
        [XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
    };
    struct policy p;
    int rc;

    if (index >= sizeof(policy_of) / sizeof(policy_of[0]))
        return -EINVAL;
    rc = system_policy(policy_of[index], &p);
    if (rc)
        return rc;
    memset(features, 0, FX_FEATURE_WORDS * sizeof(features[0]));
    features[0] = p.basic[1].d;
    features[1] = p.basic[1].c;
    features[2] = p.extd[1].d;
    features[3] = p.extd[1].c;
    features[4] = p.xstate[1].a;
    features[5] = p.feat[0].b;
    return 0;
}

static struct policy *domain_policy(struct fx_host *host,
                                    const struct fx_domain *domain)
{
    return domain->policy && fx_is_ram(host, domain->policy)
               ? fx_page(host, domain->policy)
               : NULL;
}

void fx_policy_init(struct fx_host *host, struct fx_domain *domain)
{
    maximum(domain_policy(host, domain));
}

static void mask_features(struct policy *p, const struct policy *max,
                          bool is_32bit)
{
    uint32_t e1d = max->extd[1].d & ~(is_32bit ? LM | SYSCALL : 0);

    p->basic[1].d &= max->basic[1].d;
    p->basic[1].c &= max->basic[1].c;
    p->extd[1].d &= e1d;
    p->extd[1].c &= max->extd[1].c;
    p->feat[0].b &= max->feat[0].b;
    p->feat[0].c = p->feat[0].d = 0;
    /* Features go with those that they build on. */
    if (!(p->extd[1].d & LM)) {
        p->basic[1].c &= ~CX16;
        p->extd[1].c &= ~LAHF;
    }
    if (!(p->basic[1].c & XSAVE))
        p->basic[1].c &= ~AVX;
    if (!(p->basic[1].c & AVX))
        p->feat[0].b &= ~AVX2;
}

static void recalculate_xstate(struct policy *p, const struct policy *max)
{
    uint32_t options = p->xstate[1].a & max->xstate[1].a;

    memset(p->xstate, 0, sizeof(p->xstate));
    if (!(p->basic[1].c & XSAVE))
        return;
    p->xstate[0] = (struct leaf){3, 576, 576, 0};
    p->xstate[1].a = options;
    if (p->basic[1].c & AVX) {
        p->xstate[0] = max->xstate[0];
        p->xstate[2] = max->xstate[2];
    }
}

static void clear_from(struct leaf *leaves, uint32_t first, uint32_t count)
{
    if (first < count)
        memset(&leaves[first], 0, (count - first) * sizeof(*leaves));
}

/* Nothing beyond what the policy itself says is its last. */
static void clear_out_of_range(struct policy *p)
{
    uint32_t i;

    clear_from(p->basic,
               p->basic[0].a < NR_BASIC ? p->basic[0].a + 1 : NR_BASIC,
               NR_BASIC);
    clear_from(p->extd, (p->extd[0].a & 0xffff) + 1, NR_EXTD);
    clear_from(p->feat,
               p->basic[0].a < 7        ? 0
               : p->feat[0].a < NR_FEAT ? p->feat[0].a + 1
                                        : NR_FEAT,
               NR_FEAT);
    for (i = 0; p->basic[0].a >= 4 && i < NR_CACHE && p->cache[i].a & 0x1f; i++)
        ;
    clear_from(p->cache, i, NR_CACHE);
    for (i = 0; p->basic[0].a >= 0xb && i < NR_TOPO && p->topo[i].c & 0xff00;
         i++)
        ;
    clear_from(p->topo, i, NR_TOPO);
    if (p->basic[0].a < 0xd)
        clear_from(p->xstate, 0, NR_XSTATE);
}

/* Clamps what a toolstack chose to what the machine can give such a guest. */
void fx_policy_recalculate(struct fx_host *host, struct fx_domain *domain)
{
    static const uint8_t unused[] = {3, 5, 6, 8, 9, 0xa, 0xc};
    struct policy *p = domain_policy(host, domain);
    struct policy max;
    uint32_t i;

    if (!p)
        return;
    maximum(&max);
    if (p->basic[0].a > max.basic[0].a)
        p->basic[0].a = max.basic[0].a;
    if (p->feat[0].a > max.feat[0].a)
        p->feat[0].a = max.feat[0].a;
    p->extd[0].a &= 0xffff;
    if (p->extd[0].a > MAX_EXTENDED)
        p->extd[0].a = MAX_EXTENDED;
    p->extd[0].a |= EXTENDED;
    if (p->basic[0].a < 0xd)
        p->basic[1].c &= ~XSAVE;
    mask_features(p, &max, domain->is_32bit);
    recalculate_xstate(p, &max);
    for (i = 0; i < sizeof(unused); i++)
        memset(&p->basic[unused[i]], 0, sizeof(p->basic[0]));
    clear_out_of_range(p);
}

long fx_policy_get(const struct fx_caller *caller,
                   const struct fx_domain *domain,
                   struct xen_domctl_cpu_policy *op)
{
    const struct policy *p = domain_policy(caller->host, domain);
    struct policy control;

    if (!p) { /* the control domain sees the machine */
        host_policy(&control);
        p = &control;
    }
    return put_policy(caller, p, (uint64_t)(uintptr_t)op->leaves.p,
                      &op->nr_leaves, (uint64_t)(uintptr_t)op->msrs.p,
                      &op->nr_msrs);
}

static int read_leaves(const struct fx_caller *caller, struct policy *p,
                       struct xen_domctl_cpu_policy *op)
{
    uint64_t at = (uint64_t)(uintptr_t)op->leaves.p;
    xen_cpuid_leaf_t entry;
    uint32_t i;

    if (op->nr_leaves > MAX_LEAVES)
        return -E2BIG;
    for (i = 0; i < op->nr_leaves; i++, at += sizeof(entry)) {
        struct leaf *leaf;

        if (fx_copy_in(caller, &entry, at, sizeof(entry)))
            return -EFAULT;
        leaf = find_leaf(p, entry.leaf, entry.subleaf);
        if (leaf)
            *leaf = (struct leaf){entry.a, entry.b, entry.c, entry.d};
        else if (entry.leaf == HYPERVISOR && entry.subleaf == NO_SUBLEAF)
            p->hv_limit = (uint8_t)entry.a;
        else if (entry.leaf == VIRIDIAN && entry.subleaf == NO_SUBLEAF)
            p->viridian_limit = (uint8_t)entry.a;
        else {
            op->err_leaf = entry.leaf;
            op->err_subleaf = entry.subleaf;
            return -ERANGE;
        }
    }
    return 0;
}

static int read_msr(struct policy *p, const xen_msr_entry_t *entry)
{
    if (entry->flags)
        return -EINVAL;
    switch (entry->idx) {
    case MSR_PLATFORM_INFO:
        if (entry->val > UINT32_MAX)
            return -EOVERFLOW;
        p->platform_info = entry->val;
        return 0;
    case MSR_ARCH_CAPABILITIES:
        p->arch_caps = entry->val;
        return 0;
    default:
        return -ERANGE;
    }
}

static int read_msrs(const struct fx_caller *caller, struct policy *p,
                     struct xen_domctl_cpu_policy *op)
{
    uint64_t at = (uint64_t)(uintptr_t)op->msrs.p;
    xen_msr_entry_t entry;
    uint32_t i;
    int rc;

    if (op->nr_msrs > MAX_MSRS)
        return -E2BIG;
    for (i = 0; i < op->nr_msrs; i++, at += sizeof(entry)) {
        if (fx_copy_in(caller, &entry, at, sizeof(entry)))
            return -EFAULT;
        rc = read_msr(p, &entry);
        if (rc) {
            op->err_msr = entry.idx;
            return rc;
        }
    }
    return 0;
}

static bool same_vendor(const struct leaf *one, const struct leaf *other)
{
    return one->b == other->b && one->c == other->c && one->d == other->d;
}

static int check_policy(const struct policy *p,
                        struct xen_domctl_cpu_policy *op)
{
    struct policy max;

    maximum(&max);
    if (p->basic[0].a > max.basic[0].a ||
        (XEN_CHECKS_VENDOR && !same_vendor(&p->basic[0], &max.basic[0]))) {
        op->err_leaf = 0;
        op->err_subleaf = NO_SUBLEAF;
        return -EINVAL;
    }
    if (p->feat[0].a > max.feat[0].a) {
        op->err_leaf = 7;
        op->err_subleaf = 0;
        return -EINVAL;
    }
    if (p->extd[0].a > max.extd[0].a) {
        op->err_leaf = EXTENDED;
        op->err_subleaf = NO_SUBLEAF;
        return -EINVAL;
    }
    if (p->platform_info & ~max.platform_info) {
        op->err_msr = MSR_PLATFORM_INFO;
        return -EINVAL;
    }
    return 0;
}

long fx_policy_set(const struct fx_caller *caller, struct fx_domain *domain,
                   struct xen_domctl_cpu_policy *op)
{
    struct policy *p = domain_policy(caller->host, domain);
    struct policy wanted;
    int rc;

    if (!p)
        return -EINVAL;
    wanted = *p;
    op->err_leaf = op->err_subleaf = op->err_msr = UINT32_MAX;
    rc = read_leaves(caller, &wanted, op);
    if (!rc)
        rc = read_msrs(caller, &wanted, op);
    if (rc)
        return rc;
    clear_out_of_range(&wanted);
    rc = check_policy(&wanted, op);
    if (rc)
        return rc;
    *p = wanted;
    fx_policy_recalculate(caller->host, domain);
    return 0;
}

/* The hypervisor's own leaves (xen/arch-x86/cpuid.h), as of a PV guest. */
static struct leaf xens_leaf(uint32_t leaf)
{
    static const struct leaf signature = {
        HYPERVISOR | 2, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
        XEN_CPUID_SIGNATURE_EDX};

    switch (leaf - HYPERVISOR) {
    case 0:
        return signature;
    case 1:
        return (struct leaf){FX_XEN, 0, 0, 0};
    case 2:
        return (struct leaf){1, XEN_HYPERCALL_MSR, 0,
                             XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD};
    default:
        return (struct leaf){0};
    }
}

void fx_policy_cpuid(struct fx_host *host, const struct fx_domain *domain,
                     uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    struct policy *p = domain_policy(host, domain);
    struct leaf found = {0};
    const struct leaf *at;

    if (leaf >= HYPERVISOR && leaf < VIRIDIAN) {
        found = xens_leaf(leaf);
    } else if (p) {
        at = find_leaf(p, leaf, subleaf);
        if (!at)
            at = find_leaf(p, leaf, NO_SUBLEAF);
        if (at)
            found = *at;
    }
    memcpy(out, &found, sizeof(found));
}
