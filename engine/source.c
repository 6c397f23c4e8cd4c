/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/source.h"

typedef struct {
	PliSource source;
	GBytes *bytes;
} BytesSource;

static PliStep
bytes_read_at(PliSource *source, guint64 offset, gsize max,
	      PliSlice *ret_octets, GError **error)
{
	const BytesSource *self = (const BytesSource *)source;
	gsize size;
	const guint8 *data = g_bytes_get_data(self->bytes, &size);

	if (offset >= size)
		*ret_octets = PLI_SLICE_NONE;
	else
		*ret_octets =
			pli_slice_new(data + offset, MIN(max, size - offset));
	return PLI_STEP_READY;
}

static guint64
bytes_get_length(const PliSource *source)
{
	return g_bytes_get_size(((const BytesSource *)source)->bytes);
}

static void
bytes_free(PliSource *source)
{
	BytesSource *self = (BytesSource *)source;

	g_bytes_unref(self->bytes);
	g_free(self);
}

static const PliSourceClass bytes_class = {
	.read_at = bytes_read_at,
	.get_length = bytes_get_length,
	.free = bytes_free,
};

PliSource *
pli_source_new_bytes(GBytes *bytes)
{
	BytesSource *self = g_new(BytesSource, 1);

	pli_source_init(&self->source, &bytes_class);
	self->bytes = g_bytes_ref(bytes);
	return &self->source;
}

PliStep
pli_source_read(PliSource *source, guint64 offset, guint64 length,
		GByteArray *buf, GError **error)
{
	const guint before = buf->len;

	if (length > G_MAXUINT32 / 2 - MIN(before, G_MAXUINT32 / 2)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
			    "%" G_GUINT64_FORMAT
			    " octets are too many to hold in memory",
			    length);
		return PLI_STEP_FAIL;
	}
	while (length > 0) {
		PliSlice octets;
		PliStep step = pli_source_read_at(source, offset, length,
						  &octets, error);

		if (step == PLI_STEP_READY && octets.len == 0) {
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "the source ends at octet "
				    "%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT
				    " are missing",
				    offset, length);
			step = PLI_STEP_FAIL;
		}
		if (step != PLI_STEP_READY) {
			g_byte_array_set_size(buf, before);
			return step;
		}
		g_byte_array_append(buf, octets.data, octets.len);
		offset += octets.len;
		length -= octets.len;
	}
	return PLI_STEP_READY;
}
