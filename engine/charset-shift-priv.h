/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ISO-2022-JP and HZ, which shift between ASCII and pairs of seven bits, to
 * cp932 and GB18030, where a pair shows by its first octet: for those there is
 * a converter with all that mail has in them.
 *
 * ISO-2022-JP is read as Microsoft's cp50221: RFC 1468, the rows of NEC and
 * IBM, and half-width kana after ESC ( I or SO or as single octets over 127;
 * JIS-Roman is ASCII there, and JIS X 0212 has no characters. HZ is RFC 1843,
 * octets over 127 pass. What is no
 * character becomes one octet 0xff, which neither charset has. Any cut gives
 * the same; nothing is allocated.
 */
#ifndef PLI_ENGINE_CHARSET_SHIFT_PRIV_H
#define PLI_ENGINE_CHARSET_SHIFT_PRIV_H

#include "engine/slice.h"

typedef enum {
	PLI_CHARSET_SHIFT_NONE,
	PLI_CHARSET_SHIFT_JIS, /* gives cp932 */
	PLI_CHARSET_SHIFT_HZ,  /* gives GB18030 */
} PliCharsetShiftKind;

/* The caller's memory; zero but for `kind` at first. */
typedef struct {
	PliCharsetShiftKind kind;
	guint8 mode;
	gboolean is_out; /* after SO: kana */
	guint8 lead;	 /* the first of a pair, or 0 */
	guint8 held[4];	 /* the start of an escape sequence */
	gsize n_held;
} PliCharsetShift;

/* Octets that go out for `n` in, at most. */
#define PLI_CHARSET_SHIFT_ROOM(n) ((n)*3 + 16)

gsize pli_charset_shift_feed(PliCharsetShift *shift, PliSlice octets,
			     guint8 *out);

/* What the end leaves unfinished. */
gsize pli_charset_shift_finish(PliCharsetShift *shift, guint8 *out);

#endif
