/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include <xencall.h>

#include "hooks/build_fail.h"
#include "hooks/pin.h"

static int refused(struct xc_dom_image *dom, const struct pin_step *step,
                   int rc)
{
    return build_fail(dom, rc, "pin",
                      "%s the L%u table at PFN %#" PRIx64 " (MFN %#" PRIx64
                      ") was refused: %s",
                      step->pin ? "pinning" : "unpinning", step->level + 1,
                      step->pfn.v, (uint64_t)dom->pv_p2m[step->pfn.v],
                      errno_text(-rc));
}

int pin_tables(struct xc_dom_image *dom, const struct pv_layout *layout,
               enum pin_order order, const struct dw_progress *progress)
{
    xencall_handle *xcall = xc_interface_xcall_handle(dom->xch);
    uint64_t nr = pin_plan(layout, order, NULL, 0);
    struct pin_step *steps = calloc(nr, sizeof(*steps));
    struct mmuext_op *ops = xencall_alloc_buffer(xcall, nr * sizeof(*ops));
    unsigned int *done = xencall_alloc_buffer(xcall, sizeof(*done));
    int rc;

    if (!steps || !ops || !done) {
        rc = build_fail(dom, -ENOMEM, "pin", "out of memory");
        goto out;
    }
    pin_plan(layout, order, steps, nr);
    for (uint64_t i = 0; i < nr; i++) {
        memset(&ops[i], 0, sizeof(ops[i]));
        ops[i].cmd = steps[i].pin ? MMUEXT_PIN_L1_TABLE + steps[i].level
                                  : MMUEXT_UNPIN_TABLE;
        ops[i].arg1.mfn = dom->pv_p2m[steps[i].pfn.v];
    }
    *done = 0;
    rc = dw_progress_tell(progress, DW_PIN, 0, nr);
    if (rc)
        goto out;
    if (xencall4(xcall, __HYPERVISOR_mmuext_op, (uintptr_t)ops, nr,
                 (uintptr_t)done, dom->guest_domid) < 0) {
        rc = refused(dom, &steps[*done < nr ? *done : nr - 1], -errno);
        goto out;
    }
    rc = dw_progress_tell(progress, DW_PIN, nr, nr);
out:
    free(steps);
    xencall_free_buffer(xcall, ops);
    xencall_free_buffer(xcall, done);
    return rc;
}
