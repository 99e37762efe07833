/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/format.h - a saved domain's bytes, as xl, libxl and libxenguest write
 * them: Xen's docs/specs/libxl-migration-stream.pandoc (version 2) and
 * libxc-migration-stream.pandoc (versions 2 and 3).  xl's own header, in front
 * of them in a file, is described by no document but its xl.h.
 *
 * Numbers are little-endian but where "_be" says otherwise.  Each record is a
 * header, a body, and zeroes to the next multiple of 8.
 */
#ifndef DW_STREAM_FORMAT_H
#define DW_STREAM_FORMAT_H

#include <stdint.h>

/* ---- xl ---- */

#define XL_MAGIC      "Xen saved domain, xl format\n \0 \r"
#define XL_MAGIC_LEN  32
#define XL_BYTE_ORDER UINT32_C(0x01020304)

/* In xl_header.mandatory; a reader that knows not all of them gives up. */
#define XL_IS_JSON   UINT32_C(1) /* the configuration is JSON */
#define XL_IS_LIBXL2 UINT32_C(2) /* libxl's own format follows */

struct xl_header {
    char magic[XL_MAGIC_LEN];
    uint32_t byte_order;
    uint32_t mandatory, optional;
    uint32_t optional_len; /* of what follows, before libxl's header */
};

/*
 * What follows begins with a length of four bytes: the configuration's.  What
 * is behind the configuration "skip[s]" who does not understand it (xl.h): we
 * say there what libxenguest's part says only when all memory has come, and
 * what decides where memory may lie.
 */
#define XL_ASSISTS_MAGIC "domwright/assist"

struct xl_assists {
    char magic[16];     /* without a NUL */
    uint64_t vm_assist; /* VMASST_TYPE_*, as a mask */
};

/* ---- libxl ---- */

#define LIBXL_IDENT      UINT64_C(0x4c6962786c466d74) /* "LibxlFmt" */
#define LIBXL_VERSION    2
#define LIBXL_BIG_ENDIAN UINT32_C(1)

struct libxl_header {
    uint64_t ident_be;
    uint32_t version_be, options_be;
};

enum libxl_record {
    LIBXL_END,
    LIBXL_LIBXC_CONTEXT, /* libxenguest's stream follows */
    LIBXL_EMULATOR_XENSTORE_DATA,
    LIBXL_EMULATOR_CONTEXT,
    LIBXL_CHECKPOINT_END,
    LIBXL_CHECKPOINT_STATE,
};

/* ---- libxenguest (libxc in the document) ---- */

#define LIBXC_MARKER      UINT64_MAX
#define LIBXC_ID          UINT32_C(0x58454e46) /* "XENF" */
#define LIBXC_VERSION_MIN 2
#define LIBXC_VERSION_MAX 3
#define LIBXC_BIG_ENDIAN  1

struct libxc_image_header {
    uint64_t marker;
    uint32_t id_be, version_be;
    uint16_t options_be, reserved[3];
};

#define LIBXC_X86_PV  1
#define LIBXC_X86_HVM 2

struct libxc_domain_header {
    uint32_t type;
    uint16_t page_shift, reserved;
    uint32_t xen_major, xen_minor; /* of the host that it was saved on */
};

enum libxc_record {
    LIBXC_END,
    LIBXC_PAGE_DATA,
    LIBXC_X86_PV_INFO,
    LIBXC_X86_PV_P2M_FRAMES,
    LIBXC_X86_PV_VCPU_BASIC,
    LIBXC_X86_PV_VCPU_EXTENDED,
    LIBXC_X86_PV_VCPU_XSAVE,
    LIBXC_SHARED_INFO,
    LIBXC_X86_TSC_INFO,
    LIBXC_HVM_CONTEXT,
    LIBXC_HVM_PARAMS,
    LIBXC_TOOLSTACK,
    LIBXC_X86_PV_VCPU_MSRS,
    LIBXC_VERIFY,
    LIBXC_CHECKPOINT,
    LIBXC_CHECKPOINT_DIRTY_PFN_LIST,
    LIBXC_STATIC_DATA_END,
    LIBXC_X86_CPUID_POLICY,
    LIBXC_X86_MSR_POLICY,
    LIBXC_RECORDS,
};

/* A record that a reader need not know, of either layer. */
#define RECORD_OPTIONAL UINT32_C(0x80000000)

/* libxenguest reads no longer one (xg_sr_common.h, 8 MiB). */
#define RECORD_MAX (UINT32_C(8) << 20)

struct record_header {
    uint32_t type;
    uint32_t length; /* of the body, without its padding */
};

struct page_data_header {
    uint32_t count, reserved; /* then count words, then the pages */
};

/* A word of PAGE_DATA: Xen's XEN_DOMCTL_PFINFO_* in the upper four bits. */
#define PAGE_DATA_PFN        ((UINT64_C(1) << 52) - 1)
#define PAGE_DATA_TYPE_SHIFT 60

enum page_type {
    PAGE_NORMAL = 0,
    PAGE_LEVEL = 7,  /* the mask for tables, L1 to L4 */
    PAGE_PINNED = 8, /* with a level */
    PAGE_BROKEN = 0xd,
    PAGE_ALLOCATE = 0xe, /* memory without contents */
    PAGE_ABSENT = 0xf,
};

struct pv_info {
    uint8_t width, levels; /* width in bytes */
    uint16_t reserved0;
    uint32_t reserved1;
};

struct p2m_frames_header {
    uint32_t first, last; /* PFNs; then a word for each page of the list */
};

struct vcpu_header {
    uint32_t vcpu, reserved;
};

struct tsc_info {
    uint32_t mode, khz;
    uint64_t nsec;
    uint32_t incarnation, reserved;
};

#define CPUID_LEAF_BYTES 24 /* xen_cpuid_leaf_t */
#define MSR_BYTES        16 /* xen_msr_entry_t, xen_domctl_vcpu_msr_t */

#endif /* DW_STREAM_FORMAT_H */
