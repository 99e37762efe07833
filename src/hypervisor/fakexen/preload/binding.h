/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * binding.h - that it is this object which answers, and for all of it.
 *
 * Half of a library's calls answered here and half by the real one would be
 * the worst outcome: each would take the other's handles for its own.  So once
 * the dynamic linker is done, and again when the host is opened, it is checked
 * that
 *
 *   no function that a loaded libxencall, libxenforeignmemory,
 *   libxendevicemodel, libxenevtchn or libxenstore exports is found there, and
 *
 *   no other loaded object has one of theirs in its table of addresses, which
 *   is what became of references that ask for a version.
 */
#ifndef FX_BINDING_H
#define FX_BINDING_H

/* Ends the process with one line on standard error where it is not so. */
void fx_binding_check(void);

#endif /* FX_BINDING_H */
