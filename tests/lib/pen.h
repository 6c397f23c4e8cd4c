/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory between two pages that nobody may read: what looks before its start or
 * past its end dies of it.
 */
#ifndef PLI_TESTS_LIB_PEN_H
#define PLI_TESTS_LIB_PEN_H

#include <glib.h>

/* Pages that may be read and written. */
typedef struct {
	guint8 *start, *end;
} PliPen;

/* With `room` octets at least. */
PliPen
pli_pen_make(gsize room);

void
pli_pen_clear(PliPen *pen);

/* A copy of `len` octets whose end is the pen's. */
const guint8 *
pli_pen_put_last(const PliPen *pen, const guint8 *octets, gsize len);

#endif
