/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pt/format.h - what a page-table format is, as data.
 *
 * A format is one const struct: the shape of each level and a few small
 * functions that encode and decode one entry.  Nothing else in lib/ knows
 * how many levels there are or where a bit lies.
 *
 * Terms:
 *   level    0 is the leaf level (L1 in x86 and Xen terms), levels - 1 the
 *            root (L3 for PAE, L4 for x86-64).
 *   table    one 4 KiB frame of entries, 8 bytes each.  A level may use
 *            fewer than 512 of them; the others stay EMPTY.  The root of some
 *            formats has more: frames in a row, aligned to what they are
 *            together.
 *   entry    EMPTY (not present), TABLE (points to a table of the level
 *            below) or LEAF (maps memory).
 *   span     the bytes of address space that one entry covers.
 */
#ifndef DW_PT_FORMAT_H
#define DW_PT_FORMAT_H

#include "frame.h"

#define PT_MAX_LEVELS 5
#define PT_ENTRIES    512 /* 8-byte slots in a table frame */

/* What a mapping allows, in no format's own bits. */
enum pt_prot {
    PT_READ = 1u << 0,
    PT_WRITE = 1u << 1,
    PT_EXEC = 1u << 2,
    PT_USER = 1u << 3,
    PT_GLOBAL = 1u << 4,
};

/* How memory is cached, in no format's own bits. */
enum pt_memory { PT_WB, PT_WT, PT_WC, PT_UC };

enum pt_kind { PT_EMPTY, PT_TABLE, PT_LEAF };

struct pt_entry {
    enum pt_kind kind;
    mfn_t mfn;     /* TABLE: the table below; LEAF: first frame mapped */
    uint32_t prot; /* LEAF: enum pt_prot bits; otherwise 0 */
    enum pt_memory memory; /* LEAF, where the format says it; else PT_WB */
    uint32_t software;     /* LEAF: what software keeps in it; otherwise 0 */
};

struct pt_level {
    uint8_t shift; /* an entry's span is 1 << shift bytes */
    uint8_t bits;  /* the table has 1 << bits entries in use */
    bool leaf;     /* may LEAF entries be written at this level? */
};

struct pt_format {
    const char *name;
    unsigned int levels;
    unsigned int va_bits; /* address bits that the tables translate */
    bool va_signed;       /* the bits above va_bits repeat its top bit */
    unsigned int pa_bits; /* width of a machine address to be written */
    uint32_t prots;       /* the enum pt_prot bits that a leaf can say */
    uint32_t implied;     /* those that every leaf allows, whatever it says */
    uint32_t software;    /* the largest value for software; 0: no room */
    bool frame_in_place;  /* an entry's frame stands in it as its address */
    /*
     * A valid entry gets another size, frame or memory type only after it was
     * broken and invalidated; else CPUs may make one of both, or abort.
     */
    bool break_first;
    /*
     * CPUs may go on refusing what an entry refused: rights that are added need
     * an invalidation, too.
     */
    bool keeps_refusals;
    struct pt_level level[PT_MAX_LEVELS]; /* leaf level first */

    /*
     * Encode one entry.  `mfn` must pass pt_mfn_fits() and, for a leaf
     * above level 0, be aligned to the span; `prot` has enum pt_prot bits;
     * what the format cannot say (no NX bit, say) is left out silently.
     * The leaf is write-back, and software has 0 in it.  empty() is what every
     * slot of a new table holds: 0 for all hardware's formats, but not for
     * every format.
     */
    uint64_t (*empty)(unsigned int level);
    uint64_t (*leaf)(unsigned int level, mfn_t mfn, uint32_t prot);
    uint64_t (*table)(unsigned int level, mfn_t mfn);
    /*
     * `raw`, which decodes as a LEAF of `level`, with the permissions `prot`,
     * as far as `prots` has them: whatever else stands in it, memory type,
     * software's own bits, rights that `prots` lacks, stays.
     */
    uint64_t (*protect)(unsigned int level, uint64_t raw, uint32_t prot);
    /*
     * The same with a memory type instead of permissions.  NULL: entries say
     * none, and all memory is PT_WB.
     */
    uint64_t (*set_memory)(unsigned int level, uint64_t raw,
                           enum pt_memory memory);
    /* The same with a value of software's.  NULL: there is no room for any. */
    uint64_t (*set_software)(unsigned int level, uint64_t raw, uint32_t value);
    /*
     * Decode any 64-bit value; never fails, never reads memory.  A value
     * that the hardware takes for a LEAF is decoded as one even where
     * level[].leaf says that it is not to be written, so that no walk
     * mistakes a superpage for a table.  There is no TABLE at level 0.
     * Of the permissions those in `prots` are reported, and all of `implied`.
     */
    struct pt_entry (*decode)(unsigned int level, uint64_t raw);
};

/*
 * x86 as a PV guest of a 64-bit Xen may write it: no superpages, no NX from
 * the builder, no GLOBAL (Xen owns it), and the ACCESSED, DIRTY and USER bits
 * that every builder since Xen 3.0 has set, so that guests see the same
 * tables: leaves 0x21, or 0x23 with PT_WRITE, and tables 0x67.  PT_WRITE is
 * the one permission that they can say.  Software's bits are the guest's own:
 * kept, and not told.
 * Intel SDM vol. 3A, 4.4 and 4.5; what Xen permits: its own page.h for x86,
 * L1_DISALLOW_MASK and its neighbours.
 */
extern const struct pt_format pt_x86_pae_pv; /* 3 levels: L3 of 4 entries */
extern const struct pt_format pt_x86_64_pv;  /* 4 levels */
/*
 * x86-64 as the hardware has it: 2 MiB and 1 GiB leaves, NX, GLOBAL, and memory
 * types by PWT, PCD and PAT, which are an index into IA32_PAT (Intel SDM vol.
 * 3A, 12.12).  This value of it is Xen's (XEN_MSR_PAT in asm/processor.h), and
 * has PT_WB, PT_WT and PT_UC where CPUs have them after reset.  An index that
 * is none of the four is decoded as PT_UC.  Software has bits 9 to 11, 0..7.
 */
extern const struct pt_format pt_x86_64_native;
#define PT_X86_PAT UINT64_C(0x0000050100070406)

/*
 * Arm's stage 2 with a 4 KiB granule, by the bits of guest-physical address
 * that it translates (Arm ARM, D8.2 and D8.3): three levels for up to 43 bits,
 * where the root has up to 16 frames in a row, four for more.  So VTCR_EL2 has
 * T0SZ = 64 - va_bits and SL0 = levels - 2.  Leaves of 4 KiB, 2 MiB and 1 GiB;
 * read, write and execute each said; the access flag always set.  Without
 * FEAT_S2FWB the types are: PT_WB, PT_WT, PT_WC (normal memory, not cached),
 * PT_UC (device-nGnRE); what is none of them is decoded as PT_UC.  Software has
 * bits 55 to 58, 0..15.
 */
extern const struct pt_format pt_arm_s2_32; /* root of 4 entries */
extern const struct pt_format pt_arm_s2_36; /* of 64 */
extern const struct pt_format pt_arm_s2_39; /* of 512 */
extern const struct pt_format pt_arm_s2_40; /* 2 frames */
extern const struct pt_format pt_arm_s2_42; /* 8 frames */
extern const struct pt_format pt_arm_s2_43; /* 16 frames */
extern const struct pt_format pt_arm_s2_44; /* 4 levels: 32 entries */
extern const struct pt_format pt_arm_s2_48; /* 512 */

/* The index of `va`'s entry in its table of `level`. */
static inline unsigned int pt_index(const struct pt_format *fmt,
                                    unsigned int level, vaddr_t va)
{
    return (unsigned int)(va.v >> fmt->level[level].shift) &
           ((1u << fmt->level[level].bits) - 1);
}

/* Bytes of address space behind one entry of `level`. */
static inline uint64_t pt_span(const struct pt_format *fmt, unsigned int level)
{
    return UINT64_C(1) << fmt->level[level].shift;
}

/* Bytes of address space behind one whole table of `level`. */
static inline uint64_t pt_table_span(const struct pt_format *fmt,
                                     unsigned int level)
{
    return UINT64_C(1) << (fmt->level[level].shift + fmt->level[level].bits);
}

/* The entries of one table of `level`; of a root they may be in many frames. */
static inline unsigned int pt_entries(const struct pt_format *fmt,
                                      unsigned int level)
{
    return 1u << fmt->level[level].bits;
}

/* What a leaf that is written with `prot` allows, as decode() reports it. */
static inline uint32_t pt_allowed(const struct pt_format *fmt, uint32_t prot)
{
    return (prot & fmt->prots) | fmt->implied;
}

/* May an entry name this frame?  MFN_INVALID does not fit in any format. */
static inline bool pt_mfn_fits(const struct pt_format *fmt, mfn_t mfn)
{
    return mfn.v >> (fmt->pa_bits - DW_PAGE_SHIFT) == 0;
}

/* Is `va` an address that the tables translate (canonical, if signed)? */
bool pt_addr_valid(const struct pt_format *fmt, vaddr_t va);

/*
 * May [first, end) be mapped in this format?  True when it is not empty,
 * page-aligned, and every address in it is one that the tables translate
 * (canonical where the format is signed, and without crossing from one half
 * to the other).  `end` is exclusive; the end of the address space of a
 * signed format is 1 << 64, which is written 0.
 */
bool pt_range_valid(const struct pt_format *fmt, vaddr_t first, vaddr_t end);

/*
 * May a leaf of `level` map `mfn`?  0; -ERANGE: the frame is wider than the
 * format; -EDOM: the level takes no leaf, or the frame is not aligned to its
 * span.
 */
int pt_check_leaf(const struct pt_format *fmt, unsigned int level, mfn_t mfn);

/*
 * Can a leaf of the format say this memory type, and hold this value for
 * software?
 */
bool pt_can_say(const struct pt_format *fmt, enum pt_memory memory,
                uint32_t software);

/*
 * The LEAF of `level` that says all of *entry, but for permissions that the
 * format does not have; what it must satisfy is what leaf() asks for, and
 * pt_can_say().
 */
uint64_t pt_encode(const struct pt_format *fmt, unsigned int level,
                   const struct pt_entry *entry);

#endif /* DW_PT_FORMAT_H */
