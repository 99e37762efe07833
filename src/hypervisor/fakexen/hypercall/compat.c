/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.c - structures whose shape depends on the caller's width.
 */
#include "hypercall/compat.h"

#include <errno.h>

#include <string.h>

#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* One that is no array, of 1, 2, 4 or 8 bytes. */
struct field {
    uint16_t offset;
    uint8_t bytes;
    bool is_word; /* of four bytes in the narrow form */
};

#define FIXED(type, member)                                                    \
    {                                                                          \
        offsetof(type, member), sizeof(((type *)0)->member), false             \
    }
#define WORD(type, member)                                                     \
    {                                                                          \
        offsetof(type, member), 8, true                                        \
    }

static const struct field multicall_entry[] = {
    WORD(multicall_entry_t, op),      WORD(multicall_entry_t, result),
    WORD(multicall_entry_t, args[0]), WORD(multicall_entry_t, args[1]),
    WORD(multicall_entry_t, args[2]), WORD(multicall_entry_t, args[3]),
    WORD(multicall_entry_t, args[4]), WORD(multicall_entry_t, args[5]),
};

static const struct field trap_info[] = {
    FIXED(trap_info_t, vector),
    FIXED(trap_info_t, flags),
    FIXED(trap_info_t, cs),
    WORD(trap_info_t, address),
};

/* arg2.nr_ents and .src_mfn are both in the word's low half. */
static const struct field mmuext_op[] = {
    FIXED(struct mmuext_op, cmd),
    WORD(struct mmuext_op, arg1.mfn),
    WORD(struct mmuext_op, arg2.src_mfn),
};

#define RESERVATION(type, at)                                                  \
    WORD(type, at extent_start), WORD(type, at nr_extents),                    \
        FIXED(type, at extent_order), FIXED(type, at mem_flags),               \
        FIXED(type, at domid)

static const struct field memory_reservation[] = {
    RESERVATION(xen_memory_reservation_t, ),
};

static const struct field memory_exchange[] = {
    RESERVATION(xen_memory_exchange_t, in.),
    RESERVATION(xen_memory_exchange_t, out.),
    WORD(xen_memory_exchange_t, nr_exchanged),
};

static const struct field machphys_mfn_list[] = {
    FIXED(xen_machphys_mfn_list_t, max_extents),
    WORD(xen_machphys_mfn_list_t, extent_start),
    FIXED(xen_machphys_mfn_list_t, nr_extents),
};

static const struct field machphys_mapping[] = {
    WORD(xen_machphys_mapping_t, v_start),
    WORD(xen_machphys_mapping_t, v_end),
    WORD(xen_machphys_mapping_t, max_mfn),
};

static const struct field memory_map[] = {
    FIXED(xen_memory_map_t, nr_entries),
    WORD(xen_memory_map_t, buffer),
};

static const struct field platform_parameters[] = {
    WORD(xen_platform_parameters_t, virt_start),
};

static const struct field gnttab_setup_table[] = {
    FIXED(gnttab_setup_table_t, dom),
    FIXED(gnttab_setup_table_t, nr_frames),
    FIXED(gnttab_setup_table_t, status),
    WORD(gnttab_setup_table_t, frame_list),
};

#define COPY_END(at)                                                           \
    WORD(gnttab_copy_t, at.u.gmfn), FIXED(gnttab_copy_t, at.domid),            \
        FIXED(gnttab_copy_t, at.offset)

static const struct field gnttab_copy[] = {
    COPY_END(source),
    COPY_END(dest),
    FIXED(gnttab_copy_t, len),
    FIXED(gnttab_copy_t, flags),
    FIXED(gnttab_copy_t, status),
};

static const struct field sched_poll[] = {
    WORD(sched_poll_t, ports),
    FIXED(sched_poll_t, nr_ports),
    FIXED(sched_poll_t, timeout),
};

static const struct field singleshot_timer[] = {
    FIXED(vcpu_set_singleshot_timer_t, timeout_abs_ns),
    FIXED(vcpu_set_singleshot_timer_t, flags),
};

static const struct field runstate_area[] = {
    WORD(vcpu_register_runstate_memory_area_t, addr.h),
};

#define SHAPE(fields, type)                                                    \
    {                                                                          \
        fields, sizeof(fields) / sizeof(fields[0]), sizeof(type)               \
    }

static const struct shape {
    const struct field *fields;
    unsigned int nr;
    size_t bytes; /* in the wide form */
} shapes[] = {
    [FX_MULTICALL_ENTRY] = SHAPE(multicall_entry, multicall_entry_t),
    [FX_TRAP_INFO] = SHAPE(trap_info, trap_info_t),
    [FX_MMUEXT_OP] = SHAPE(mmuext_op, struct mmuext_op),
    [FX_MEMORY_RESERVATION] =
        SHAPE(memory_reservation, xen_memory_reservation_t),
    [FX_MEMORY_EXCHANGE] = SHAPE(memory_exchange, xen_memory_exchange_t),
    [FX_MACHPHYS_MFN_LIST] = SHAPE(machphys_mfn_list, xen_machphys_mfn_list_t),
    [FX_MACHPHYS_MAPPING] = SHAPE(machphys_mapping, xen_machphys_mapping_t),
    [FX_MEMORY_MAP] = SHAPE(memory_map, xen_memory_map_t),
    [FX_PLATFORM_PARAMETERS] =
        SHAPE(platform_parameters, xen_platform_parameters_t),
    [FX_GNTTAB_SETUP_TABLE] = SHAPE(gnttab_setup_table, gnttab_setup_table_t),
    [FX_GNTTAB_COPY] = SHAPE(gnttab_copy, gnttab_copy_t),
    [FX_SCHED_POLL] = SHAPE(sched_poll, sched_poll_t),
    [FX_SINGLESHOT_TIMER] =
        SHAPE(singleshot_timer, vcpu_set_singleshot_timer_t),
    [FX_RUNSTATE_AREA] =
        SHAPE(runstate_area, vcpu_register_runstate_memory_area_t),
};

/* The largest of them, in either form. */
#define MAX_BYTES 128

static size_t align(size_t at, size_t bytes)
{
    return (at + bytes - 1) & ~(bytes - 1);
}

/* The i386 ABI: nothing is aligned to more than four bytes. */
static size_t alignment(const struct field *f)
{
    return f->is_word || f->bytes > 4 ? 4 : f->bytes;
}

/*
 * Goes through the narrow form's fields: copies each to or from the wide one,
 * where there is one, and says how long the narrow one is.
 */
static size_t convert(const struct shape *s, uint8_t *narrow, uint8_t *wide,
                      bool widen)
{
    size_t at = 0, most = 1;
    unsigned int i;

    for (i = 0; i < s->nr; i++) {
        const struct field *f = &s->fields[i];
        size_t bytes = f->is_word ? 4 : f->bytes;

        if (alignment(f) > most)
            most = alignment(f);
        at = align(at, alignment(f));
        if (wide && widen)
            memcpy(wide + f->offset, narrow + at, bytes);
        else if (wide)
            memcpy(narrow + at, wide + f->offset, bytes);
        at += bytes;
    }
    return align(at, most);
}

uint64_t fx_struct_bytes(const struct fx_caller *caller, enum fx_shape shape)
{
    const struct shape *s = &shapes[shape];

    return caller->is_32bit ? convert(s, NULL, NULL, false) : s->bytes;
}

int fx_struct_in(const struct fx_caller *caller, enum fx_shape shape, void *to,
                 uint64_t from)
{
    const struct shape *s = &shapes[shape];
    uint8_t narrow[MAX_BYTES];

    if (!caller->is_32bit)
        return fx_copy_in(caller, to, from, s->bytes);
    if (fx_copy_in(caller, narrow, from, fx_struct_bytes(caller, shape)))
        return -EFAULT;
    memset(to, 0, s->bytes);
    convert(s, narrow, to, true);
    return 0;
}

int fx_struct_out(const struct fx_caller *caller, enum fx_shape shape,
                  uint64_t to, const void *from)
{
    const struct shape *s = &shapes[shape];
    uint8_t narrow[MAX_BYTES] = {0}, wide[MAX_BYTES];

    if (!caller->is_32bit)
        return fx_copy_out(caller, to, from, s->bytes);
    memcpy(wide, from, s->bytes);
    return fx_copy_out(caller, to, narrow, convert(s, narrow, wide, false));
}

unsigned int fx_word_bytes(const struct fx_caller *caller)
{
    return caller->is_32bit ? 4 : 8;
}

int fx_word_in(const struct fx_caller *caller, uint64_t *value, uint64_t array,
               uint64_t index)
{
    unsigned int bytes = fx_word_bytes(caller);

    *value = 0;
    return fx_copy_in(caller, value, array + index * bytes, bytes);
}

int fx_word_out(const struct fx_caller *caller, uint64_t array, uint64_t index,
                uint64_t value)
{
    unsigned int bytes = fx_word_bytes(caller);

    return fx_copy_out(caller, array + index * bytes, &value, bytes);
}
