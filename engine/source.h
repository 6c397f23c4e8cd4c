/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Octets that can be read at any offset: a file, a spool row, a buffer, the
 * decoding of a part.
 *
 * An interface: who has octets implements PliSourceClass; who reads them
 * calls the inline functions. read_at may answer WANT ("not yet"); the caller
 * tries again when whoever gave it the source says so. A source is used by
 * one thread at a time.
 */
#ifndef PLI_ENGINE_SOURCE_H
#define PLI_ENGINE_SOURCE_H

#include "engine/slice.h"

PLI_BEGIN_DECLS

typedef struct PliSource PliSource;

typedef struct {
	/*
	 * READY: *ret_octets holds 1 to `max` octets from `offset` on, valid
	 * until the next call; an empty slice means the end.
	 * WANT: not yet. FAIL: *error says why.
	 */
	PliStep (*read_at)(PliSource *source, guint64 offset, gsize max,
	                   PliSlice *ret_octets, GError **error);
	/* Octets in all; G_MAXUINT64 while that is unknown. */
	guint64 (*get_length)(const PliSource *source);
	/* A descriptor whose octets these are, from *ret_start on, for
	 * sendfile; -1 when there is none. May be NULL. */
	int (*get_fd)(const PliSource *source, guint64 *ret_start);
	void (*free)(PliSource *source);
} PliSourceClass;

/* First member of every implementation. */
struct PliSource {
	const PliSourceClass *klass;
	gint ref_count;
};

/* As read_at() of the class. */
static inline PliStep
pli_source_read_at(PliSource *source, guint64 offset, gsize max,
                   PliSlice *ret_octets, GError **error)
{
	return source->klass->read_at(source, offset, max, ret_octets, error);
}

/* As get_length() of the class. */
static inline guint64
pli_source_get_length(const PliSource *source)
{
	return source->klass->get_length(source);
}

/* As get_fd() of the class; -1 when it has none. */
static inline int
pli_source_get_fd(const PliSource *source, guint64 *ret_start)
{
	return source->klass->get_fd != NULL
	               ? source->klass->get_fd(source, ret_start)
	               : -1;
}

/* For implementations: sets the class and the first reference. */
static inline void
pli_source_init(PliSource *source, const PliSourceClass *klass)
{
	source->klass = klass;
	source->ref_count = 1;
}

/* Any thread may take and drop references. */
static inline PliSource *
pli_source_ref(PliSource *source)
{
	g_atomic_int_inc(&source->ref_count);
	return source;
}

/* The last one frees it. NULL is nothing. */
static inline void
pli_source_unref(PliSource *source)
{
	if (source != NULL && g_atomic_int_dec_and_test(&source->ref_count))
		source->klass->free(source);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliSource, pli_source_unref)

/*
 * A source over octets in memory. `bytes` is referenced.
 */
PliSource *
pli_source_new_bytes(GBytes *bytes);

/*
 * Appends [offset, offset+length) to `buf`. WANT as read_at; FAIL also when
 * the source ends early (G_FILE_ERROR_IO).
 * On WANT and FAIL the buffer is as it was.
 */
PliStep
pli_source_read(PliSource *source, guint64 offset, guint64 length,
                GByteArray *buf, GError **error);

PLI_END_DECLS

#endif
