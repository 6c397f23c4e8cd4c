/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mailbox names on the wire and off it: modified UTF-7 (RFC 3501 5.1.3), and
 * LIST's patterns. "/" stands between levels.
 */
#ifndef PLI_PROTOCOLS_IMAP_NAME_H
#define PLI_PROTOCOLS_IMAP_NAME_H

#include "engine/slice.h"

/* Longest name, and longest pattern, in octets on the wire. */
#define PLI_IMAP_NAME_OCTETS 1000

/* UTF-8 of a name as sent, INBOX in capitals; NULL when it is not in modified
 * UTF-7, too long, empty, or has a control in it. Free with g_free. */
char *
pli_imap_name_parse(PliSlice wire);

/* As sent; NULL when `name` is not UTF-8 or has a control in it. Free with
 * g_free. */
char *
pli_imap_name_format(const char *name);

/* TRUE when the pattern covers the first `len` octets of `name`: "*" any,
 * "%" any but "/"; INBOX without case. Takes pattern times name steps at
 * most. Both as on the wire. */
gboolean
pli_imap_name_matches(const char *pattern, const char *name, gsize len);

#endif
