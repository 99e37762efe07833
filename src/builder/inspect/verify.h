/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect/verify.h - everything that verify looks for in a domain, in order.
 */
#ifndef DW_INSPECT_VERIFY_H
#define DW_INSPECT_VERIFY_H

#include <xenctrl.h>

#include "diag.h"
#include "inspect/domain_view.h"
#include "inspect/faults.h"
#include "inspect/p2m.h"

/*
 * Looks at it, as it is or as it runs, and changes nothing.  0, with what was
 * found, and against which P2M; or a negative errno and the failure in dg:
 * -ESRCH where the domain is dying, or does so meanwhile.
 */
int __attribute__((warn_unused_result))
verify(xc_interface *xc, struct diag *dg, const struct view_domain *domain,
       struct faults *faults, enum p2m_source *p2m);

/* The same, added to `faults`, in a view that is open. */
int __attribute__((warn_unused_result))
verify_view(struct domain_view *view, const struct view_domain *domain,
            struct faults *faults, enum p2m_source *p2m);

#endif /* DW_INSPECT_VERIFY_H */
