/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run of octets that somebody else owns.
 *
 * Passed by value, never NUL-terminated by assumption, never freed by the
 * receiver. Whoever hands one out says how long it stays valid.
 */
#ifndef PLI_ENGINE_SLICE_H
#define PLI_ENGINE_SLICE_H

#include "engine/decls.h"

#include <glib.h>
#include <string.h>

PLI_BEGIN_DECLS

typedef struct {
	const guint8 *data;
	gsize len;
} PliSlice;

#ifdef __cplusplus
#define PLI_SLICE_OF(data, len) (PliSlice{data, len})
#else
#define PLI_SLICE_OF(data, len) ((PliSlice){data, len})
#endif

/* Of a string literal, without its NUL. */
#define PLI_SLICE_LITERAL(s)                                                   \
	PLI_SLICE_OF((const guint8 *)("" s), sizeof(s) - 1)
#define PLI_SLICE_NONE PLI_SLICE_OF(NULL, 0)

/* Three answers of everything that works in steps. */
typedef enum {
	PLI_STEP_FAIL = -1, /* cannot go on; the callee says why */
	PLI_STEP_WANT = 0,  /* needs more input, room or an answer */
	PLI_STEP_READY = 1, /* *ret was set */
} PliStep;

/* `len` octets at `data`, which stay whose they are. */
static inline PliSlice
pli_slice_new(gconstpointer data, gsize len)
{
	return PLI_SLICE_OF((const guint8 *)data, len);
}

/* Without the NUL; NULL gives an empty one. */
static inline PliSlice
pli_slice_from_string(const char *s)
{
	return PLI_SLICE_OF((const guint8 *)s, s != NULL ? strlen(s) : 0);
}

/* Valid while the GBytes are. */
static inline PliSlice
pli_slice_from_bytes(GBytes *bytes)
{
	gsize len;
	gconstpointer data = g_bytes_get_data(bytes, &len);

	return pli_slice_new(data, len);
}

/* The octets from `offset` on; offset must not pass the end. */
static inline PliSlice
pli_slice_skip(PliSlice s, gsize offset)
{
	g_assert(offset <= s.len);
	/* NULL + 0 is undefined; compilers make one addition of this. */
	return PLI_SLICE_OF(offset > 0 ? s.data + offset : s.data,
			    s.len - offset);
}

/* The same octets. */
static inline gboolean
pli_slice_equal(PliSlice a, PliSlice b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* An ASCII letter in lower case; any other octet as it is. */
static inline guint8
pli_octet_lower(guint8 octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

/* ASCII letters compare without case, every other octet as it is. */
static inline gboolean
pli_slice_is(PliSlice s, const char *ascii)
{
	gsize i = 0;

	for (; i < s.len && ascii[i] != '\0'; i++)
		if (pli_octet_lower(s.data[i]) != pli_octet_lower(ascii[i]))
			return FALSE;
	return i == s.len && ascii[i] == '\0';
}

/* SP, HTAB, CR or LF. */
static inline gboolean
pli_octet_is_blank(guint8 octet)
{
	const guint64 blanks = G_GUINT64_CONSTANT(1) << ' ' | 1 << '\t' |
	                       1 << '\r' | 1 << '\n';

	return octet <= ' ' && (blanks >> octet & 1);
}

/* RFC 5234 B.1 WSP: SP or HTAB. */
static inline gboolean
pli_octet_is_wsp(guint8 octet)
{
	return octet == ' ' || octet == '\t';
}

/* Without leading and trailing SP, HTAB, CR and LF. */
static inline PliSlice
pli_slice_trim(PliSlice s)
{
	while (s.len > 0 && pli_octet_is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && pli_octet_is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

/* Takes a line off the front of *rest, without its LF; the last may have none.
 * FALSE: nothing is left. */
static inline gboolean
pli_slice_take_line(PliSlice *rest, PliSlice *ret_line)
{
	const guint8 *lf =
		rest->len > 0 ? (const guint8 *)memchr(rest->data, '\n',
						       rest->len)
			      : NULL;
	gsize n = lf != NULL ? (gsize)(lf - rest->data) : rest->len;

	if (rest->len == 0)
		return FALSE;
	*ret_line = pli_slice_new(rest->data, n);
	*rest = pli_slice_skip(*rest, n + (lf != NULL ? 1 : 0));
	return TRUE;
}

/* A NUL-terminated copy; a NUL octet inside stays inside. Free with g_free. */
static inline char *
pli_slice_dup(PliSlice s)
{
	char *copy = (char *)g_malloc(s.len + 1);

	if (s.len > 0)
		memcpy(copy, s.data, s.len);
	copy[s.len] = '\0';
	return copy;
}

PLI_END_DECLS

#endif
