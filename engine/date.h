/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dates of header fields (RFC 5322 3.3 and 4.3), read as they occur: two-digit
 * years, named zones, comments, missing day names and seconds, ctime order.
 */
#ifndef PLI_ENGINE_DATE_H
#define PLI_ENGINE_DATE_H

#include "engine/slice.h"

PLI_BEGIN_DECLS

/* Seconds since 1970 in UTC, and the zone in minutes east. FALSE when it is no
 * date. */
gboolean
pli_date_parse(PliSlice value, gint64 *ret_seconds, gint *ret_zone);

/* Whether a date is as RFC 5322 3.3 or 4.3 writes it, with the day's right
 * name or none. One that is not may be read all the same, and by others
 * otherwise: PLI_DEFECT_DATE_MALFORMED. */
gboolean
pli_date_is_regular(PliSlice value);

/* "Mon, 23 Nov 2026 07:36:44 +0000", for a zone in minutes east. Writes at
 * most 40 octets with the NUL. */
void
pli_date_format(gint64 seconds, gint zone, char ret_text[40]);

/* IMAP date-time: "23-Nov-2026 07:36:44 +0000" (RFC 9051 9), no quotes. */
void
pli_date_format_imap(gint64 seconds, gint zone, char ret_text[40]);

PLI_END_DECLS

#endif
