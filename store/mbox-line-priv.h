/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines that mean something in an mbox. Each is told from its own octets,
 * of which PLI_MBOX_LINE_MAX, or all up to the file's end, must be there.
 */
#ifndef PLI_STORE_MBOX_LINE_PRIV_H
#define PLI_STORE_MBOX_LINE_PRIV_H

#include "store/mbox.h"

/* Octets of a `From ` line that are looked at, its line end among them. */
#define PLI_MBOX_LINE_MAX 1024

/* Length of the empty line that `octets` starts with: 1, 2, or 0. */
gsize
pli_mbox_line_find_empty(PliSlice octets);

/* Length of the `From ` line, with its line end, that `octets` starts with,
 * or 0; with its date, 0 when it has none. */
gsize
pli_mbox_line_find_from(PliSlice octets, gint64 *ret_date);

/* Octets of a field's name that are looked for after a `From ` line. */
#define PLI_MBOX_NAME_MAX 128

/* Whether `octets` starts with a `From ` line that shows by itself that a
 * message starts: it has a date or is "From -", and a field with its name and
 * colon is on the next line. PLI_MBOX_NAME_MAX octets more
 * than for other lines must be there. */
gboolean
pli_mbox_line_is_start(PliSlice octets);

/* Whether `octets` starts with a quoted line that loses one '>'. */
gboolean
pli_mbox_line_is_quoted(PliSlice octets, PliMboxFormat format);

/* Whether it starts with a Content-Length field that can be read. */
gboolean
pli_mbox_line_find_length(PliSlice octets, guint64 *ret_length);

#endif
