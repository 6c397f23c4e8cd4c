/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/stream.h"

#include <errno.h>

typedef struct {
	GMimeStream parent;
	PliSource *source;
} PliSourceStream;

typedef GMimeStreamClass PliSourceStreamClass;

typedef struct {
	GMimeStream parent;
	GByteArray *octets;
	gsize ceiling;
	gboolean is_full;
} PliSinkStream;

typedef GMimeStreamClass PliSinkStreamClass;

static GType pli_source_stream_get_type(void);
static GType pli_sink_stream_get_type(void);

G_DEFINE_TYPE(PliSourceStream, pli_source_stream, GMIME_TYPE_STREAM)
G_DEFINE_TYPE(PliSinkStream, pli_sink_stream, GMIME_TYPE_STREAM)

/* What both have in common. */

static int
flush(GMimeStream *stream)
{
	return 0;
}

static int
close_stream(GMimeStream *stream)
{
	return 0;
}

static int
reset(GMimeStream *stream)
{
	stream->position = stream->bound_start;
	return 0;
}

static gint64
tell(GMimeStream *stream)
{
	return stream->position;
}

/* The source. */

static ssize_t
source_read(GMimeStream *stream, char *out, size_t len)
{
	PliSourceStream *self = (PliSourceStream *)stream;
	guint64 left = (guint64)(stream->bound_end - stream->position);
	PliSlice octets;

	if (left == 0 || len == 0)
		return 0;
	if (pli_source_read_at(self->source, (guint64)stream->position,
			       MIN(left, len), &octets,
			       NULL) != PLI_STEP_READY ||
	    octets.len == 0) {
		errno = EIO;
		return -1;
	}
	memcpy(out, octets.data, octets.len);
	stream->position += (gint64)octets.len;
	return (ssize_t)octets.len;
}

static ssize_t
source_write(GMimeStream *stream, const char *octets, size_t len)
{
	errno = EBADF;
	return -1;
}

static gboolean
source_eos(GMimeStream *stream)
{
	return stream->position >= stream->bound_end;
}

static gint64
source_length(GMimeStream *stream)
{
	return stream->bound_end - stream->bound_start;
}

static gint64
source_seek(GMimeStream *stream, gint64 offset, GMimeSeekWhence whence)
{
	gint64 base = whence == GMIME_STREAM_SEEK_CUR ? stream->position
		      : whence == GMIME_STREAM_SEEK_END
			      ? stream->bound_end
			      : stream->bound_start;
	gint64 to;

	if (__builtin_add_overflow(base, offset, &to) ||
	    to < stream->bound_start || to > stream->bound_end) {
		errno = EINVAL;
		return -1;
	}
	stream->position = to;
	return to;
}

static GMimeStream *
source_substream(GMimeStream *stream, gint64 start, gint64 end)
{
	PliSourceStream *self = (PliSourceStream *)stream;

	if (end < 0)
		end = stream->bound_end;
	return pli_stream_new_source(self->source, (guint64)start,
				     (guint64)(end - start));
}

static void
source_finalize(GObject *object)
{
	PliSourceStream *self = (PliSourceStream *)object;

	pli_source_unref(self->source);
	G_OBJECT_CLASS(pli_source_stream_parent_class)->finalize(object);
}

static void
pli_source_stream_class_init(PliSourceStreamClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = source_finalize;
	klass->read = source_read;
	klass->write = source_write;
	klass->flush = flush;
	klass->close = close_stream;
	klass->eos = source_eos;
	klass->reset = reset;
	klass->seek = source_seek;
	klass->tell = tell;
	klass->length = source_length;
	klass->substream = source_substream;
}

static void
pli_source_stream_init(PliSourceStream *self)
{
}

GMimeStream *
pli_stream_new_source(PliSource *source, guint64 offset, guint64 length)
{
	PliSourceStream *self =
		g_object_new(pli_source_stream_get_type(), NULL);

	g_assert(offset <= G_MAXINT64 && length <= G_MAXINT64 - offset);
	self->source = pli_source_ref(source);
	g_mime_stream_construct(&self->parent, (gint64)offset,
				(gint64)(offset + length));
	return &self->parent;
}

GMimeStream *
pli_stream_new_slice(PliSlice octets)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(octets.data, octets.len);
	g_autoptr(PliSource) source = pli_source_new_bytes(bytes);

	return pli_stream_new_source(source, 0, octets.len);
}

/* The sink. */

static ssize_t
sink_write(GMimeStream *stream, const char *octets, size_t len)
{
	PliSinkStream *self = (PliSinkStream *)stream;

	if (len > self->ceiling - self->octets->len) {
		self->is_full = TRUE;
		errno = ENOSPC;
		return -1;
	}
	g_byte_array_append(self->octets, (const guint8 *)octets, (guint)len);
	stream->position += (gint64)len;
	return (ssize_t)len;
}

static ssize_t
sink_read(GMimeStream *stream, char *out, size_t len)
{
	errno = EBADF;
	return -1;
}

static gboolean
sink_eos(GMimeStream *stream)
{
	return TRUE;
}

static gint64
sink_length(GMimeStream *stream)
{
	return stream->position;
}

/* Only to where it is. */
static gint64
sink_seek(GMimeStream *stream, gint64 offset, GMimeSeekWhence whence)
{
	gint64 to = whence == GMIME_STREAM_SEEK_SET
			    ? offset
			    : stream->position + offset;

	if (to == stream->position)
		return to;
	errno = ESPIPE;
	return -1;
}

static int
sink_reset(GMimeStream *stream)
{
	PliSinkStream *self = (PliSinkStream *)stream;

	g_byte_array_set_size(self->octets, 0);
	return reset(stream);
}

static GMimeStream *
sink_substream(GMimeStream *stream, gint64 start, gint64 end)
{
	return NULL;
}

static void
sink_finalize(GObject *object)
{
	PliSinkStream *self = (PliSinkStream *)object;

	g_byte_array_unref(self->octets);
	G_OBJECT_CLASS(pli_sink_stream_parent_class)->finalize(object);
}

static void
pli_sink_stream_class_init(PliSinkStreamClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = sink_finalize;
	klass->read = sink_read;
	klass->write = sink_write;
	klass->flush = flush;
	klass->close = close_stream;
	klass->eos = sink_eos;
	klass->reset = sink_reset;
	klass->seek = sink_seek;
	klass->tell = tell;
	klass->length = sink_length;
	klass->substream = sink_substream;
}

static void
pli_sink_stream_init(PliSinkStream *self)
{
	self->octets = g_byte_array_new();
}

GMimeStream *
pli_stream_new_sink(gsize ceiling)
{
	PliSinkStream *self = g_object_new(pli_sink_stream_get_type(), NULL);

	/* what a GByteArray can hold */
	self->ceiling = MIN(ceiling, G_MAXUINT / 2);
	g_mime_stream_construct(&self->parent, 0, -1);
	return &self->parent;
}

gboolean
pli_stream_is_full(GMimeStream *sink)
{
	return ((PliSinkStream *)sink)->is_full;
}

GBytes *
pli_stream_steal_bytes(GMimeStream *sink)
{
	PliSinkStream *self = (PliSinkStream *)sink;
	GByteArray *octets = self->octets;

	self->octets = g_byte_array_new();
	reset(sink);
	return g_byte_array_free_to_bytes(octets);
}
