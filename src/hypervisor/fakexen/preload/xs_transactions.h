/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xs_transactions.h - a handle's open transactions.  Most of it is
 * libxenstore's interface.
 */
#ifndef FX_XS_TRANSACTIONS_H
#define FX_XS_TRANSACTIONS_H

#include <xenstore.h>

/* Gives them up.  With the locks held. */
void fx_transactions_free(struct xs_handle *h);

#endif /* FX_XS_TRANSACTIONS_H */
