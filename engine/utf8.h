/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UTF-8 (RFC 3629) checked octet by octet: no surrogates, no overlong forms,
 * nothing past U+10FFFF. U+0000 is a character like any other.
 */
#ifndef PLI_ENGINE_UTF8_H
#define PLI_ENGINE_UTF8_H

#include "engine/slice.h"

#define PLI_UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Octets at the front that are US-ASCII. */
gsize pli_utf8_get_ascii(PliSlice octets);

static inline gboolean
pli_utf8_is_ascii(PliSlice octets)
{
	return pli_utf8_get_ascii(octets) == octets.len;
}

/* Octets at the front that are whole characters. */
gsize pli_utf8_get_valid(PliSlice octets);

/*
 * Of octets that do not start with a whole character: how many one
 * replacement character stands for (Unicode 3.9, "maximal subpart"), 1 to 3.
 * *ret_is_cut: they are all of the octets, and more could make them a
 * character.
 */
gsize pli_utf8_get_fault(PliSlice octets, gboolean *ret_is_cut);

gboolean pli_utf8_is_valid(PliSlice octets);

/*
 * Whether text is UTF-8 and more than US-ASCII, told in passing. The caller's
 * memory, zero at first; cut as one likes.
 */
typedef struct {
	guint8 held[4]; /* the start of an unfinished character */
	gsize n_held;
	gboolean has_8bit;
	gboolean has_fault;
} PliUtf8Probe;

void pli_utf8_probe_feed(PliUtf8Probe *probe, PliSlice octets);

/* Of all that was fed: valid throughout, with a character over 127. */
gboolean pli_utf8_probe_finish(const PliUtf8Probe *probe);

#endif
