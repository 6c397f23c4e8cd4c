/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growing run of octets that owns its memory and knows its ceiling.
 *
 * The ceiling is given at init and never passed: an append that would pass it
 * changes nothing and returns FALSE. Not NUL-terminated.
 */
#ifndef PLI_ENGINE_BUF_H
#define PLI_ENGINE_BUF_H

#include "engine/slice.h"

PLI_BEGIN_DECLS

typedef struct {
	guint8 *data;
	gsize len;
	gsize allocated;
	gsize ceiling;
} PliBuf;

/* Empty, without memory; `ceiling` is in octets and never passed. */
void
pli_buf_init(PliBuf *buf, gsize ceiling);

/* Frees the memory; the ceiling stays, so the buffer can be used again. */
void
pli_buf_clear(PliBuf *buf);

/* Room for `len` more octets at the end, or NULL at the ceiling; what was
 * written there counts once pli_buf_add_length() says so. */
guint8 *
pli_buf_reserve(PliBuf *buf, gsize len);

/* Counts `len` octets that were written where reserve() said. */
void
pli_buf_add_length(PliBuf *buf, gsize len);

/* Octets that fit without more memory, and below the ceiling. */
static inline gsize
pli_buf_get_room(const PliBuf *buf)
{
	return MIN(buf->allocated, buf->ceiling) - buf->len;
}

/* FALSE when the ceiling stands in the way; nothing is appended then. */
static inline gboolean
pli_buf_append(PliBuf *buf, gconstpointer data, gsize len)
{
	if (G_UNLIKELY(len > pli_buf_get_room(buf)) &&
	    pli_buf_reserve(buf, len) == NULL)
		return FALSE;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	return TRUE;
}

/* Without the NUL; as pli_buf_append(). */
static inline gboolean
pli_buf_append_string(PliBuf *buf, const char *s)
{
	return pli_buf_append(buf, s, strlen(s));
}

/* As pli_buf_append(). */
static inline gboolean
pli_buf_append_octet(PliBuf *buf, guint8 octet)
{
	return pli_buf_append(buf, &octet, 1);
}

/* As g_strdup_printf(), without the NUL; as pli_buf_append(). */
gboolean
pli_buf_append_printf(PliBuf *buf, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Drops octets from the front (moves the rest). */
void
pli_buf_remove_head(PliBuf *buf, gsize len);

/* Empties without giving the memory back. */
static inline void
pli_buf_reset(PliBuf *buf)
{
	buf->len = 0;
}

/* Valid until the buffer is next changed. */
static inline PliSlice
pli_buf_slice(const PliBuf *buf)
{
	return PLI_SLICE_OF(buf->data, buf->len);
}

/* The octets with a NUL appended, owned by the caller; the buffer is left
 * empty. */
char *
pli_buf_steal_string(PliBuf *buf);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliBuf, pli_buf_clear)

PLI_END_DECLS

#endif
