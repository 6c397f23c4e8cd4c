/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GMime streams over Pli's octets: a span of a source to be read, and memory
 * with a ceiling to be written.
 *
 * A stream is used by one thread. What GMime is to read goes through the
 * first, so that it gets the octets of the message and no copy written anew.
 */
#ifndef PLI_ENGINE_GMIME_STREAM_H
#define PLI_ENGINE_GMIME_STREAM_H

#include <gmime/gmime.h>

#include "engine/source.h"

/*
 * The octets [offset, offset+length) of `source`, which is referenced. Reading
 * gives -1 when the source fails, ends early or answers WANT; what is asked
 * for must be there. The caller unrefs it.
 */
GMimeStream *
pli_stream_new_source(PliSource *source, guint64 offset, guint64 length);

/* Octets in memory, read; the slice is borrowed for the stream's life. */
GMimeStream *
pli_stream_new_slice(PliSlice octets);

/* Takes what is written, at most `ceiling` octets; a write past them gives -1
 * and takes nothing. The caller unrefs it. */
GMimeStream *
pli_stream_new_sink(gsize ceiling);

/* Whether a write was refused for the ceiling. */
gboolean
pli_stream_is_full(GMimeStream *sink);

/* What was written to a sink, which is empty then. */
GBytes *
pli_stream_steal_bytes(GMimeStream *sink);

#endif
